/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: overlap-buyers
version: 1
title: Buyers, and those found among the registered owners
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  buyers: {unit: "persons", description: "Buyers known by e-mail or phone"}
  buyers_matched: {unit: "persons", description: "Buyers found among the registered owners"}
--- */
SELECT COUNT(DISTINCT s.buyer_token) AS buyers, COUNT(DISTINCT r.owner_token) AS buyers_matched
FROM sales s LEFT JOIN registrations r ON s.buyer_token = r.owner_token
WHERE s.sale_date BETWEEN :from AND :to
