/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: claims-by-model
version: 1
title: Units sold, units with a claim, and claims, by model
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  units: {unit: "units", description: "Units sold"}
  units_with_claim: {unit: "units", description: "Units with at least one claim"}
  claims: {unit: "claims", description: "Claims"}
--- */
SELECT s.model, COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT c.unit_token) AS units_with_claim, COUNT(c.claim_id) AS claims
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.model
ORDER BY s.model
