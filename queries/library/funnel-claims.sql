/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: funnel-claims
version: 1
title: Units with a claim and units repaired
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  units_claimed: {unit: "units", description: "With a claim"}
  units_repaired: {unit: "units", description: "Repaired"}
--- */
SELECT COUNT(DISTINCT c.unit_token) AS units_claimed, COUNT(DISTINCT j.unit_token) AS units_repaired
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token LEFT JOIN repairs j ON s.unit_token = j.unit_token
WHERE s.sale_date BETWEEN :from AND :to
