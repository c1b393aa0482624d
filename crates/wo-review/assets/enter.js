// Takes the secret behind the `#` of the link, which no server log and no other page ever sees.
const token = location.hash.slice(1);
if (token) {
  history.replaceState(null, "", "/enter");
  const answer = await fetch("/api/enter", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (answer.ok) location.replace("/");
  else document.getElementById("message").prepend("That link was used before. ");
}
