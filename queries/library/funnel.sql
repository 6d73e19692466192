/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: funnel
version: 2
title: Units sold, registered and with a service contact
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  units: {unit: "units", description: "Units sold"}
  units_registered: {unit: "units", description: "Registered"}
  units_contacted: {unit: "units", description: "With a service contact"}
--- */
SELECT COUNT(DISTINCT s.unit_token) AS units, COUNT(DISTINCT r.unit_token) AS units_registered, COUNT(DISTINCT k.unit_token) AS units_contacted
FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token LEFT JOIN service_tickets k ON s.unit_token = k.unit_token
WHERE s.sale_date BETWEEN :from AND :to
