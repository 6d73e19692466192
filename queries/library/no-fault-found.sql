/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: no-fault-found
version: 2
title: Claims and claims without a fault, by symptom
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  symptom: {unit: "", description: "What the owner saw"}
  claims: {unit: "claims", description: "Claims"}
  claims_without_fault: {unit: "claims", description: "Claims where the bench found no fault"}
--- */
SELECT c.symptom, COUNT(c.claim_id) AS claims, COUNT(c.claim_id) FILTER (WHERE c.no_fault_found = true) AS claims_without_fault
FROM claims c JOIN sales s ON c.unit_token = s.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY c.symptom
ORDER BY c.symptom
