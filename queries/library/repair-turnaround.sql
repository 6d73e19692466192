/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: repair-turnaround
version: 1
title: Repairs by days from opening to closing
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  days: {unit: "days", description: "Turnaround, upper end of the class"}
  repairs: {unit: "repairs", description: "Repairs"}
--- */
SELECT CASE WHEN j.turnaround_days <= 3 THEN 3 WHEN j.turnaround_days <= 7 THEN 7 WHEN j.turnaround_days <= 14 THEN 14
            WHEN j.turnaround_days <= 21 THEN 21 WHEN j.turnaround_days <= 28 THEN 28 ELSE 60 END AS days,
       COUNT(j.repair_id) AS repairs
FROM repairs j JOIN sales s ON j.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY days
ORDER BY days
