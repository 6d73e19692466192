/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: parts-backorder
version: 2
title: Parts orders and mean days on backorder, by model and region
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  region: {unit: "", description: "Region"}
  orders: {unit: "orders", description: "Order lines"}
  backorder_days: {unit: "days", description: "Mean days on backorder"}
--- */
SELECT o.model, s.region, COUNT(o.order_id) AS orders, AVG(o.backorder_days) AS backorder_days
FROM parts_orders o JOIN sales s ON o.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY o.model, s.region
ORDER BY o.model, s.region
