/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: parts-delayed
version: 1
title: Parts orders and those that waited, by model
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  model: {unit: "", description: "Model"}
  orders: {unit: "orders", description: "Order lines"}
  orders_delayed: {unit: "orders", description: "Order lines that waited"}
--- */
SELECT o.model, COUNT(o.order_id) AS orders, COUNT(o.order_id) FILTER (WHERE o.backorder_days > 0) AS orders_delayed
FROM parts_orders o JOIN sales s ON o.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY o.model
ORDER BY o.model
