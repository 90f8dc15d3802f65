// The page of the API: Swagger UI over our own document, with nothing from elsewhere.
const place = document.getElementById("docs");

SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: true,
  validatorUrl: null,
});
