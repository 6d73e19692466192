/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: maker-only-units
version: 1
title: Units with a claim, and those of them that are registered, by model
purpose: warranty
parameters:
  from: {type: date, description: "First day of the first claim month"}
  to: {type: date, description: "Last day of the last claim month"}
outputs:
  model: {unit: "", description: "Model"}
  units_with_claim: {unit: "units", description: "Units with a claim"}
  units_with_claim_registered: {unit: "units", description: "Units with a claim that are registered"}
--- */
SELECT c.model, COUNT(DISTINCT c.unit_token) AS units_with_claim, COUNT(DISTINCT r.unit_token) AS units_with_claim_registered
FROM claims c LEFT JOIN registrations r ON c.unit_token = r.unit_token
WHERE c.claim_date BETWEEN :from AND :to
GROUP BY c.model
ORDER BY c.model
