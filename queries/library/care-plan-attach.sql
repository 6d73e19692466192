/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: care-plan-attach
version: 1
title: Units sold and units with a care plan, by model
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  units: {unit: "units", description: "Units sold"}
  units_with_plan: {unit: "units", description: "Units with a care plan"}
--- */
SELECT s.model, COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT p.unit_token) AS units_with_plan
FROM sales s LEFT JOIN care_plans p ON s.unit_token = p.unit_token LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY s.model
ORDER BY s.model
