/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: served-value
version: 3
title: Units sold and units with a service contact up to a day, and what their owners bought of the brand after it, by model and year of sale
purpose: service
parameters:
  brand: {type: text, description: "Brand as the retailers name it"}
  from: {type: date, description: "First day of the first sale month"}
  landmark: {type: date, description: "First day of a month: sales and contacts before it, purchases from it on"}
  to: {type: date, description: "Last day of the last month of purchases"}
outputs:
  model: {unit: "", description: "Model"}
  sale_year: {unit: "", description: "Year of sale"}
  units: {unit: "units", description: "Units of known owners"}
  purchases: {unit: "purchases", description: "Purchases of their owners after the landmark, once for each unit"}
  net_amount: {unit: "currency", description: "Mean amount of those purchases"}
  units_contacted: {unit: "units", description: "Units with a contact before the landmark"}
  purchases_contacted: {unit: "purchases", description: "Purchases of their owners after the landmark, once for each unit"}
  net_amount_contacted: {unit: "currency", description: "Mean amount of those purchases"}
--- */
WITH k AS (SELECT unit_token, COUNT(ticket_id) AS tickets FROM service_tickets WHERE created < :landmark GROUP BY unit_token)
SELECT s.model, year(s.sale_date) AS sale_year,
       COUNT(DISTINCT s.unit_token) AS units,
       COUNT(t.sale_id) FILTER (WHERE t.brand = :brand AND t.sale_date BETWEEN :landmark AND :to) AS purchases,
       AVG(t.net_amount) FILTER (WHERE t.brand = :brand AND t.sale_date BETWEEN :landmark AND :to) AS net_amount,
       COUNT(DISTINCT s.unit_token) FILTER (WHERE k.tickets >= 1) AS units_contacted,
       COUNT(t.sale_id) FILTER (WHERE k.tickets >= 1 AND t.brand = :brand AND t.sale_date BETWEEN :landmark AND :to) AS purchases_contacted,
       AVG(t.net_amount) FILTER (WHERE k.tickets >= 1 AND t.brand = :brand AND t.sale_date BETWEEN :landmark AND :to) AS net_amount_contacted
FROM sales s JOIN sales t ON s.buyer_token = t.buyer_token LEFT JOIN k ON s.unit_token = k.unit_token
WHERE s.brand = :brand AND s.sale_date >= :from AND s.sale_date < :landmark
GROUP BY s.model, sale_year
ORDER BY s.model, sale_year
