/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: failures-around-expiry
version: 1
title: Claims in the months around the end of a two-year warranty
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  mis: {unit: "months", description: "Calendar months from sale to claim"}
  claims: {unit: "claims", description: "Claims"}
--- */
SELECT date_diff('month', s.sale_date, c.claim_date) AS mis, COUNT(c.claim_id) AS claims
FROM sales s JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to AND date_diff('month', s.sale_date, c.claim_date) BETWEEN 22 AND 26
GROUP BY mis
ORDER BY mis
