/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: failures-around-expiry
version: 2
title: Claims by months since the sale, before and after the warranty ends
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last sale that is at least the warranty and two months old"}
  warranty: {type: integer, description: "Length of the warranty in months", minimum: 3, maximum: 120}
outputs:
  mis: {unit: "months", description: "Calendar months from sale to claim"}
  side: {unit: "", description: "before, at or after the month in which the warranty ends"}
  claims: {unit: "claims", description: "Claims, denied and paid ones"}
--- */
SELECT date_diff('month', s.sale_date, c.claim_date) AS mis,
       CASE WHEN date_diff('month', s.sale_date, c.claim_date) < :warranty THEN 'before'
            WHEN date_diff('month', s.sale_date, c.claim_date) = :warranty THEN 'at'
            ELSE 'after' END AS side,
       COUNT(c.claim_id) AS claims
FROM sales s JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY mis, side
ORDER BY mis
