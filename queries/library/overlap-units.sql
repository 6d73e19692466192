/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: overlap-units
version: 1
title: Units and owners the two sides share
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  units_sold: {unit: "units", description: "Units sold"}
  units_matched: {unit: "units", description: "Units sold that are registered"}
  owners_matched: {unit: "owners", description: "Buyers of those units that are known by the same e-mail or phone"}
--- */
SELECT COUNT(DISTINCT s.unit_token) AS units_sold, COUNT(DISTINCT r.unit_token) AS units_matched, COUNT(DISTINCT r.owner_token) AS owners_matched
FROM sales s LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
