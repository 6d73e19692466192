/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: overlap-registrations
version: 1
title: Registered units and those found among the sales
purpose: service
parameters:
  from: {type: date, description: "First day of the first registration month"}
  to: {type: date, description: "Last day of the last registration month"}
outputs:
  units_registered: {unit: "units", description: "Units registered"}
  units_matched: {unit: "units", description: "Units registered that were sold by a member"}
--- */
SELECT COUNT(DISTINCT r.unit_token) AS units_registered, COUNT(DISTINCT s.unit_token) AS units_matched
FROM registrations r LEFT JOIN sales s ON r.unit_token = s.unit_token
WHERE r.registered_date BETWEEN :from AND :to
