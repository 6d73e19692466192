/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: units-by-quarter
version: 1
title: Units sold by quarter
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
  model: {type: text, description: "Model as the maker names it"}
outputs:
  sale_month: {unit: "", description: "First day of the quarter of sale"}
  units: {unit: "units", description: "Units sold"}
--- */
SELECT date_trunc('quarter', s.sale_date) AS sale_month, COUNT(DISTINCT s.unit_token) AS units
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.model = :model AND s.sale_date BETWEEN :from AND :to
GROUP BY sale_month
ORDER BY sale_month
