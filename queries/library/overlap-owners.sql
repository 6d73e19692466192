/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: overlap-owners
version: 1
title: Registered owners, and those found among the buyers
purpose: service
parameters:
  from: {type: date, description: "First day of the first registration month"}
  to: {type: date, description: "Last day of the last registration month"}
outputs:
  owners: {unit: "persons", description: "Owners known by e-mail or phone"}
  owners_matched: {unit: "persons", description: "Owners found among the buyers"}
--- */
SELECT COUNT(DISTINCT r.owner_token) AS owners, COUNT(DISTINCT s.buyer_token) AS owners_matched
FROM registrations r LEFT JOIN sales s ON r.owner_token = s.buyer_token
WHERE r.registered_date BETWEEN :from AND :to
