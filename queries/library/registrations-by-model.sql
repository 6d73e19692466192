/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: registrations-by-model
version: 1
title: Units sold and registered, by model
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model of the unit sold"}
  units_sold: {unit: "units", description: "Units sold"}
  units_registered: {unit: "units", description: "Units of those that are registered"}
--- */
SELECT s.model, COUNT(DISTINCT s.unit_token) AS units_sold, COUNT(DISTINCT r.unit_token) AS units_registered
FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.model
ORDER BY s.model
