/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: repurchase
version: 1
title: Owners by number of contacts, and how many bought again
purpose: service
outputs:
  contacts: {unit: "tickets", description: "Contacts about the product, 2 means two or more"}
  owners: {unit: "owners", description: "Owners"}
  owners_again: {unit: "owners", description: "Owners with more than one sale of the brand"}
--- */
WITH k AS (SELECT owner_token, COUNT(ticket_id) AS tickets FROM service_tickets GROUP BY owner_token),
     b AS (SELECT buyer_token, COUNT(sale_id) AS purchases FROM sales GROUP BY buyer_token)
SELECT CASE WHEN k.tickets >= 2 THEN 2 WHEN k.tickets = 1 THEN 1 ELSE 0 END AS contacts,
       COUNT(DISTINCT b.buyer_token) AS owners, COUNT(DISTINCT b.buyer_token) FILTER (WHERE b.purchases >= 2) AS owners_again
FROM b LEFT JOIN k ON b.buyer_token = k.owner_token
GROUP BY contacts
ORDER BY contacts
