/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: care-plan-attach-lag
version: 2
title: Care plans by months from sale to plan
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  lag_months: {unit: "months", description: "Calendar months from sale to plan, 1 means one or more"}
  units_with_plan: {unit: "units", description: "Units whose plan was sold then"}
--- */
SELECT CASE WHEN date_diff('month', s.sale_date, p.sold_date) <= 0 THEN 0 ELSE 1 END AS lag_months,
       COUNT(DISTINCT s.unit_token) AS units_with_plan
FROM sales s JOIN care_plans p ON s.unit_token = p.unit_token LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY lag_months
ORDER BY lag_months
