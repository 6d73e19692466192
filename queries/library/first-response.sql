/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: first-response
version: 1
title: Tickets and hours to first response, by channel and priority
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  channel: {unit: "", description: "Channel of contact"}
  priority: {unit: "", description: "Priority"}
  tickets: {unit: "tickets", description: "Tickets"}
  response_hours: {unit: "hours", description: "Mean hours to first response"}
  first_contact_fixes: {unit: "tickets", description: "Solved at first contact"}
--- */
SELECT k.channel, k.priority, COUNT(k.ticket_id) AS tickets, AVG(k.response_hours) AS response_hours,
       COUNT(k.ticket_id) FILTER (WHERE k.first_contact_fix = true) AS first_contact_fixes
FROM service_tickets k JOIN sales s ON k.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY k.channel, k.priority
ORDER BY k.channel, k.priority
