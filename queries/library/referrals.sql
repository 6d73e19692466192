/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: referrals
version: 1
title: Tickets by where they open and whom they are handed to, with hours to resolution
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  asked_party: {unit: "", description: "Asked first"}
  referred_to: {unit: "", description: "Handed to"}
  tickets: {unit: "tickets", description: "Tickets"}
  resolution_hours: {unit: "hours", description: "Mean hours to resolution"}
--- */
SELECT k.asked_party, k.referred_to, COUNT(k.ticket_id) AS tickets, AVG(k.resolution_hours) AS resolution_hours
FROM service_tickets k JOIN sales s ON k.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY k.asked_party, k.referred_to
ORDER BY k.asked_party, k.referred_to
