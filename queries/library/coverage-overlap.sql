/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: coverage-overlap
version: 2
title: Claims by who paid, with and without a care plan
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first claim month"}
  to: {type: date, description: "Last day of the last claim month"}
outputs:
  coverage: {unit: "", description: "Who paid"}
  claims: {unit: "claims", description: "Claims"}
  claims_with_plan: {unit: "claims", description: "Claims on units that had a care plan"}
--- */
SELECT c.coverage, COUNT(DISTINCT c.claim_id) AS claims, COUNT(DISTINCT c.claim_id) FILTER (WHERE p.plan_sku IS NOT NULL) AS claims_with_plan
FROM claims c LEFT JOIN care_plans p ON c.unit_token = p.unit_token
WHERE c.claim_date BETWEEN :from AND :to
GROUP BY c.coverage
ORDER BY c.coverage
