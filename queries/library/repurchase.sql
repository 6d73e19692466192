/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: repurchase
version: 2
title: Owners by number of contacts about a unit, and how many bought again, by model and quarter of sale
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  contacts: {unit: "tickets", description: "Contacts about the unit, 2 means two or more"}
  model: {unit: "", description: "Model"}
  sale_quarter: {unit: "", description: "First day of the quarter of sale"}
  owners: {unit: "owners", description: "Owners"}
  owners_again: {unit: "owners", description: "Owners with a purchase in a later month"}
--- */
WITH k AS (SELECT unit_token, COUNT(ticket_id) AS tickets FROM service_tickets GROUP BY unit_token),
     b AS (SELECT buyer_token, MAX(sale_date) AS last_sale FROM sales GROUP BY buyer_token)
SELECT CASE WHEN k.tickets >= 2 THEN 2 WHEN k.tickets = 1 THEN 1 ELSE 0 END AS contacts, s.model, date_trunc('quarter', s.sale_date) AS sale_quarter,
       COUNT(DISTINCT s.buyer_token) AS owners, COUNT(DISTINCT s.buyer_token) FILTER (WHERE date_diff('month', s.sale_date, b.last_sale) >= 1) AS owners_again
FROM sales s JOIN b ON s.buyer_token = b.buyer_token LEFT JOIN k ON s.unit_token = k.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY contacts, s.model, sale_quarter
ORDER BY contacts, s.model, sale_quarter
