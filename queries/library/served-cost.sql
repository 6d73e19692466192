/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: served-cost
version: 1
title: Units sold and units with a service contact up to a day, and what warranty had cost on them by then, by year of sale
purpose: service
parameters:
  brand: {type: text, description: "Brand as the retailers name it"}
  from: {type: date, description: "First day of the first sale month"}
  landmark: {type: date, description: "First day of a month: sales, contacts and claims before it"}
outputs:
  sale_year: {unit: "", description: "Year of sale"}
  units: {unit: "units", description: "Units sold"}
  total_cost: {unit: "currency", description: "Cost of their claims"}
  units_contacted: {unit: "units", description: "Units with a contact before the landmark"}
  total_cost_contacted: {unit: "currency", description: "Cost of their claims"}
--- */
WITH k AS (SELECT unit_token, COUNT(ticket_id) AS tickets FROM service_tickets WHERE created < :landmark GROUP BY unit_token)
SELECT year(s.sale_date) AS sale_year,
       COUNT(DISTINCT s.unit_token) AS units,
       SUM(c.total_cost) FILTER (WHERE c.claim_date < :landmark) AS total_cost,
       COUNT(DISTINCT s.unit_token) FILTER (WHERE k.tickets >= 1) AS units_contacted,
       SUM(c.total_cost) FILTER (WHERE k.tickets >= 1 AND c.claim_date < :landmark) AS total_cost_contacted
FROM sales s LEFT JOIN k ON s.unit_token = k.unit_token LEFT JOIN claims c ON s.unit_token = c.unit_token
WHERE s.brand = :brand AND s.sale_date >= :from AND s.sale_date < :landmark
GROUP BY sale_year
ORDER BY sale_year
