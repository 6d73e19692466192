/* ---
apiVersion: cleanroom/v1
kind: QueryTemplate
name: satisfaction
version: 2
title: Survey scores by whom they judge and what is measured
purpose: service
parameters:
  from: {type: date, description: "First day of the first sale month"}
  to: {type: date, description: "Last day of the last sale month"}
outputs:
  about: {unit: "", description: "Whom the survey judges"}
  kind: {unit: "", description: "What is measured"}
  answers: {unit: "answers", description: "Answers"}
  score: {unit: "points", description: "Mean score on the survey scale"}
--- */
SELECT v.about, v.kind, COUNT(v.survey_id) AS answers, AVG(v.score) AS score
FROM surveys v JOIN sales s ON v.unit_token = s.unit_token LEFT JOIN registrations r ON s.unit_token = r.unit_token
WHERE s.sale_date BETWEEN :from AND :to
GROUP BY v.about, v.kind
ORDER BY v.about, v.kind
