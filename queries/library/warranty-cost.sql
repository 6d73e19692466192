/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: warranty-cost
version: 1
title: Units sold, claims and what they cost, by model
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  units: {unit: "units", description: "Units sold"}
  claims: {unit: "claims", description: "Claims"}
  total_cost: {unit: "currency", description: "Total cost of the claims"}
  parts_cost: {unit: "currency", description: "Parts"}
  labour_cost: {unit: "currency", description: "Labour"}
  freight_cost: {unit: "currency", description: "Freight"}
--- */
SELECT s.model, COUNT(DISTINCT s.unit_token) AS units, COUNT(c.claim_id) AS claims, SUM(c.total_cost) AS total_cost,
       SUM(c.parts_cost) AS parts_cost, SUM(c.labour_cost) AS labour_cost, SUM(c.freight_cost) AS freight_cost
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.model
ORDER BY s.model
