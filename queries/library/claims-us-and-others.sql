/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: claims-us-and-others
version: 1
title: Units sold and units with a claim, us against the other retailers, by model and sale year
purpose: benchmark
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
  us: {type: text, description: "The member that asks"}
outputs:
  who: {unit: "", description: "us or others"}
  model: {unit: "", description: "Model"}
  sale_year: {unit: "", description: "Year of sale"}
  units: {unit: "units", description: "Units sold"}
  units_with_claim: {unit: "units", description: "Units with a claim"}
--- */
SELECT CASE WHEN s.contributor = :us THEN 'us' ELSE 'others' END AS who, s.model, year(s.sale_date) AS sale_year,
       COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT c.unit_token) AS units_with_claim
FROM sales s LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY who, s.model, sale_year
ORDER BY who, s.model, sale_year
