/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: returns-by-model
version: 1
title: Units sold, returned and dead on arrival, by model
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  units: {unit: "units", description: "Units sold"}
  units_returned: {unit: "units", description: "Units returned"}
  units_dead_on_arrival: {unit: "units", description: "Units returned as dead on arrival"}
--- */
SELECT s.model, COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT t.unit_token) AS units_returned,
       COUNT(DISTINCT t.unit_token) FILTER (WHERE t.return_reason = 'dead on arrival') AS units_dead_on_arrival
FROM sales s LEFT JOIN returns t ON s.unit_token = t.unit_token LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.model
ORDER BY s.model
