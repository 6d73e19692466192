/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: recall-reach
version: 1
title: Affected units sold and reachable, by channel
purpose: recall
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
  model: {type: text, description: "Model as the maker names it"}
outputs:
  channel: {unit: "", description: "Channel of sale"}
  units: {unit: "units", description: "Affected units sold"}
  units_registered: {unit: "units", description: "Registered units"}
  units_reachable: {unit: "units", description: "Registered units whose owner may be contacted"}
--- */
SELECT s.channel, COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT r.unit_token) AS units_registered,
       COUNT(DISTINCT r.unit_token) FILTER (WHERE r.consent_service = true) AS units_reachable
FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.model = :model AND s.sale_date BETWEEN :from AND :to
GROUP BY s.channel
ORDER BY s.channel
