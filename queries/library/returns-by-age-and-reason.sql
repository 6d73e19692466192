/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: returns-by-age-and-reason
version: 2
title: Units returned, by months since sale and reason
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  return_reason: {unit: "", description: "Reason"}
  age_months: {unit: "months", description: "Calendar months from sale to return, 1 means one or more"}
  units_returned: {unit: "units", description: "Units returned"}
--- */
SELECT t.return_reason,
       CASE WHEN date_diff('month', s.sale_date, t.return_date) <= 0 THEN 0 ELSE 1 END AS age_months,
       COUNT(DISTINCT t.unit_token) AS units_returned
FROM returns t JOIN sales s ON t.unit_token = s.unit_token LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY t.return_reason, age_months
ORDER BY t.return_reason, age_months
