/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: claim-rate-by-region
version: 1
title: Warranty claims per 1,000 units sold, by region and sale quarter
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  region: {unit: "", description: "Region of sale"}
  sale_quarter: {unit: "", description: "Quarter of sale"}
  units: {unit: "units", description: "Units sold"}
  claims: {unit: "claims", description: "Claims on those units"}
  claims_per_1000: {unit: "claims per 1,000 units", description: "Claims per 1,000 units sold"}
--- */
SELECT s.region, date_trunc('quarter', s.sale_date) AS sale_quarter,
       COUNT(DISTINCT s.unit_token) AS units, COUNT(c.claim_id) AS claims,
       ROUND(1000.0 * COUNT(c.claim_id) / COUNT(DISTINCT s.unit_token), 2) AS claims_per_1000
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.region, sale_quarter
ORDER BY s.region, sale_quarter
