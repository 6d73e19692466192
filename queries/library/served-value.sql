/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: served-value
version: 2
title: Owners served and not served, and what they bought, by model and quarter of sale
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  contacts: {unit: "tickets", description: "Contacts about the product, 1 means at least one"}
  model: {unit: "", description: "Model"}
  sale_quarter: {unit: "", description: "First day of the quarter of sale"}
  owners: {unit: "owners", description: "Owners"}
  net_amount: {unit: "currency", description: "Mean amount per sale line"}
--- */
WITH k AS (SELECT owner_token, COUNT(ticket_id) AS tickets FROM service_tickets GROUP BY owner_token)
SELECT CASE WHEN k.tickets >= 1 THEN 1 ELSE 0 END AS contacts, s.model, date_trunc('quarter', s.sale_date) AS sale_quarter,
       COUNT(DISTINCT s.buyer_token) AS owners, AVG(s.net_amount) AS net_amount
FROM sales s LEFT JOIN k ON s.buyer_token = k.owner_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY contacts, s.model, sale_quarter
ORDER BY contacts, s.model, sale_quarter
