/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: repeat-repairs
version: 1
title: Repaired units, and units with more than one claim
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  units_repaired: {unit: "units", description: "Units repaired"}
  units_repeated: {unit: "units", description: "Units with a further claim after the first"}
--- */
WITH u AS (SELECT unit_token, COUNT(claim_id) AS claims FROM claims GROUP BY unit_token)
SELECT j.model, COUNT(DISTINCT j.unit_token) AS units_repaired, COUNT(DISTINCT j.unit_token) FILTER (WHERE u.claims >= 2) AS units_repeated
FROM repairs j JOIN u ON j.unit_token = u.unit_token JOIN sales s ON j.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY j.model
ORDER BY j.model
