/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: first-claims-by-month
version: 1
title: Units by month of sale and month of first claim
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
  model: {type: text, description: "Model as the maker names it"}
outputs:
  sale_month: {unit: "", description: "First day of the month of sale"}
  claim_month: {unit: "", description: "First day of the month of claim"}
  claims: {unit: "units", description: "Units whose first claim fell in that period"}
--- */
WITH u AS (SELECT unit_token, MIN(claim_date) AS first_claim FROM claims GROUP BY unit_token)
SELECT date_trunc('month', s.sale_date) AS sale_month, date_trunc('month', u.first_claim) AS claim_month, COUNT(DISTINCT s.unit_token) AS claims
FROM sales s JOIN u ON s.unit_token = u.unit_token
WHERE s.model = :model AND s.sale_date BETWEEN :from AND :to
GROUP BY sale_month, claim_month
ORDER BY sale_month, claim_month
