/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: funnel
version: 1
title: Units by stage of ownership
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  units: {unit: "units", description: "Units sold"}
  units_registered: {unit: "units", description: "Registered"}
  units_contacted: {unit: "units", description: "With a service contact"}
  units_claimed: {unit: "units", description: "With a claim"}
  units_repaired: {unit: "units", description: "Repaired"}
--- */
SELECT COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT r.unit_token) AS units_registered, COUNT(DISTINCT k.unit_token) AS units_contacted,
       COUNT(DISTINCT c.unit_token) AS units_claimed, COUNT(DISTINCT j.unit_token) AS units_repaired
FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token LEFT JOIN service_tickets k ON s.unit_token = k.unit_token
     LEFT JOIN claims c ON s.unit_token = c.unit_token LEFT JOIN repairs j ON s.unit_token = j.unit_token
WHERE s.sale_date BETWEEN :from AND :to
