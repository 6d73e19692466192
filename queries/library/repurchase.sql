/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: repurchase
version: 3
title: Owners by contacts about their unit up to a day, and how many bought the brand again after it, by model and year of sale
purpose: service
parameters:
  brand: {type: text, description: "Brand as the retailers name it"}
  from: {type: date, description: "First day of the first sale month"}
  landmark: {type: date, description: "First day of a month: sales and contacts before it, purchases from it on"}
  to: {type: date, description: "Last day of the last month of purchases"}
outputs:
  model: {unit: "", description: "Model"}
  sale_year: {unit: "", description: "Year of sale"}
  owners: {unit: "owners", description: "Owners"}
  owners_again: {unit: "owners", description: "Owners with a purchase after the landmark"}
  contacted: {unit: "owners", description: "Owners with a contact about the unit before the landmark"}
  contacted_again: {unit: "owners", description: "Of those, owners with a purchase after the landmark"}
  contacted_twice: {unit: "owners", description: "Owners with two or more contacts about one unit before the landmark"}
  contacted_twice_again: {unit: "owners", description: "Of those, owners with a purchase after the landmark"}
--- */
WITH k AS (SELECT unit_token, COUNT(ticket_id) AS tickets FROM service_tickets WHERE created < :landmark GROUP BY unit_token),
     b AS (SELECT buyer_token, MAX(sale_date) AS last_sale FROM sales WHERE brand = :brand AND sale_date <= :to GROUP BY buyer_token)
SELECT s.model, year(s.sale_date) AS sale_year,
       COUNT(DISTINCT s.buyer_token) AS owners,
       COUNT(DISTINCT s.buyer_token) FILTER (WHERE b.last_sale >= :landmark) AS owners_again,
       COUNT(DISTINCT s.buyer_token) FILTER (WHERE k.tickets >= 1) AS contacted,
       COUNT(DISTINCT s.buyer_token) FILTER (WHERE k.tickets >= 1 AND b.last_sale >= :landmark) AS contacted_again,
       COUNT(DISTINCT s.buyer_token) FILTER (WHERE k.tickets >= 2) AS contacted_twice,
       COUNT(DISTINCT s.buyer_token) FILTER (WHERE k.tickets >= 2 AND b.last_sale >= :landmark) AS contacted_twice_again
FROM sales s JOIN b ON s.buyer_token = b.buyer_token LEFT JOIN k ON s.unit_token = k.unit_token
WHERE s.brand = :brand AND s.sale_date >= :from AND s.sale_date < :landmark
GROUP BY s.model, sale_year
ORDER BY s.model, sale_year
