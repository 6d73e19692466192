/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: registration-lag
version: 2
title: Registered units by months from sale to registration
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  lag_months: {unit: "months", description: "Calendar months from sale to registration, 3 means three or more"}
  units_registered: {unit: "units", description: "Units registered after that many months"}
--- */
SELECT CASE WHEN date_diff('month', s.sale_date, r.registered_date) <= 0 THEN 0 WHEN date_diff('month', s.sale_date, r.registered_date) = 1 THEN 1
            WHEN date_diff('month', s.sale_date, r.registered_date) = 2 THEN 2 ELSE 3 END AS lag_months,
       COUNT(DISTINCT s.unit_token) AS units_registered
FROM sales s JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY lag_months
ORDER BY lag_months
