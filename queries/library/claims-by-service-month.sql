/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: claims-by-service-month
version: 1
title: Claims by months in service
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  mis: {unit: "months", description: "Calendar months from sale to claim"}
  claims: {unit: "claims", description: "Claims"}
  units: {unit: "units", description: "Units with a claim"}
--- */
SELECT date_diff('month', s.sale_date, c.claim_date) AS mis, COUNT(c.claim_id) AS claims, COUNT(DISTINCT s.unit_token) AS units
FROM sales s JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY mis
ORDER BY mis
