/**
 * What people write about each other, in the languages of the set to tune on (languages-untouched.ts has the others); `{n}` a name, `{p}` a telephone number, `{e}` an e-mail address, `{d}` a date.
 * Written for these tests.
 */
export interface Language {
  /** Sentences of tickets, notes, reviews, letters. */
  readonly sentences: readonly string[];
  readonly subjects: readonly string[];
  readonly diagnoses: readonly string[];
  /** Why somebody came, what was found. */
  readonly complaints: readonly string[];
  readonly allergies: readonly string[];
  /** What is written about things. */
  readonly products: readonly string[];
}

export const list = (text: string): readonly string[] => text.split('|').map((each) => each.trim());

export const LANGUAGES: Readonly<Record<string, Language>> = {
  en: {
    sentences:
      list(`I have been waiting for my refund since {d}.|Please call me back on {p}.|{n} told me that the parcel was lost.|The delivery man left it with my neighbour {n}.|I am very unhappy with how I was treated.|Great service, I would order again.
      |You can write to me at {e}.|He was late twice this week because his daughter is ill.|My husband opened the box and one piece was missing.|She asked for a longer deadline and was friendly about it.|Thanks for your quick help yesterday!`),
    subjects: list(
      'Refund for my order|Cannot log in any more|Question from {n}|Complaint about your driver|Change of address|My invoice is wrong|Appointment on {d}',
    ),
    diagnoses: list(
      'Type 2 diabetes mellitus|Essential hypertension|Acute bronchitis|Migraine without aura|Major depressive episode|Low back pain|Bronchial asthma|Iron deficiency anaemia',
    ),
    complaints: list(
      'Cough and fever for three days|Chest pain on exertion|Follow-up after knee surgery|Patient reports dizziness in the morning|Skin rash on both arms|Trouble sleeping, anxious',
    ),
    allergies: list('Penicillin|Peanuts|Latex|Pollen|Gluten|Bee venom'),
    products: list(
      `A compact product with a matt finish. Easy to clean, made of recycled material.|Robust case, two years of warranty and replaceable parts.|Delivered flat; assembly takes ten minutes and needs no tools.|Fits all models since 2019. Keep dry and away from direct sunlight.|The new edition has a larger display and a longer battery life.|Shown when the page is empty. Can be changed in the settings.|Used by the scheduler to group jobs that run at night.`,
    ),
  },
  de: {
    sentences:
      list(`Ich warte seit dem {d} auf meine Erstattung.|Bitte rufen Sie mich unter {p} zurück.|Frau {n} hat mir gesagt, das Paket sei verloren.|Der Bote hat es beim Nachbarn {n} abgegeben.|Ich bin sehr unzufrieden damit, wie man mich behandelt hat.
      |Sie erreichen mich unter {e}.|Er kam diese Woche zweimal zu spät, weil seine Tochter krank ist.|Sehr zuverlässig, arbeitet sich schnell ein.|Vielen Dank für die schnelle Hilfe gestern!|Meine Frau hat das Paket geöffnet und es fehlte ein Teil.`),
    subjects: list(
      'Erstattung meiner Bestellung|Kann mich nicht mehr anmelden|Frage von {n}|Beschwerde über den Fahrer|Neue Anschrift|Termin am {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus Typ 2|Essentielle Hypertonie|Akute Bronchitis|Migräne ohne Aura|Depressive Episode|Kreuzschmerzen|Asthma bronchiale|Eisenmangelanämie',
    ),
    complaints: list(
      'Husten und Fieber seit drei Tagen|Schmerzen in der Brust bei Belastung|Kontrolle nach Knieoperation|Schwindel am Morgen|Hautausschlag an beiden Armen|Schlafstörungen',
    ),
    allergies: list('Penicillin|Erdnüsse|Latex|Gräserpollen|Gluten|Bienengift'),
    products: list(
      `Kompaktes Gerät mit matter Oberfläche, leicht zu reinigen.|Robustes Gehäuse, zwei Jahre Garantie und austauschbare Teile.|Passt zu allen Modellen seit 2019. Trocken lagern.|Wird angezeigt, wenn die Seite leer ist.`,
    ),
  },
  fr: {
    sentences:
      list(`J’attends mon remboursement depuis le {d}.|Merci de me rappeler au {p}.|Mme {n} m’a dit que le colis était perdu.|Le livreur l’a laissé chez mon voisin {n}.|Je suis très déçu de la façon dont on m’a traité.|Service parfait, je recommande.
      |Vous pouvez m’écrire à {e}.|Il est arrivé deux fois en retard parce que sa fille est malade.|Mon mari a ouvert la boîte et il manquait une pièce.|Merci pour votre aide rapide hier !`),
    subjects: list(
      'Remboursement de ma commande|Impossible de me connecter|Question de {n}|Réclamation au sujet du livreur|Nouvelle adresse|Rendez-vous du {d}',
    ),
    diagnoses: list(
      'Diabète de type 2|Hypertension essentielle|Bronchite aiguë|Migraine sans aura|Épisode dépressif|Lombalgie|Asthme|Anémie ferriprive',
    ),
    complaints: list(
      'Toux et fièvre depuis trois jours|Douleur thoracique à l’effort|Contrôle après opération du genou|Vertiges le matin|Éruption cutanée|Troubles du sommeil',
    ),
    allergies: list('Pénicilline|Arachides|Latex|Pollen|Gluten'),
    products: list(
      `Produit compact à la finition mate, facile à nettoyer.|Boîtier robuste, garantie de deux ans et pièces remplaçables.|Convient à tous les modèles depuis 2019. Conserver au sec.|Affiché lorsque la page est vide.`,
    ),
  },
  es: {
    sentences:
      list(`Espero mi reembolso desde el {d}.|Por favor, llámeme al {p}.|{n} me dijo que el paquete se había perdido.|El repartidor lo dejó con mi vecino {n}.|Estoy muy descontento con el trato recibido.|Muy buen servicio, volveré a comprar.|Puede escribirme a {e}.
      |Llegó tarde dos veces porque su hija está enferma.|Mi marido abrió la caja y faltaba una pieza.|¡Gracias por su rápida ayuda!`),
    subjects: list(
      'Reembolso de mi pedido|No puedo entrar|Consulta de {n}|Queja sobre el repartidor|Cambio de domicilio|Cita del {d}',
    ),
    diagnoses: list(
      'Diabetes mellitus tipo 2|Hipertensión esencial|Bronquitis aguda|Migraña sin aura|Episodio depresivo|Lumbalgia|Asma bronquial|Anemia ferropénica',
    ),
    complaints: list(
      'Tos y fiebre desde hace tres días|Dolor torácico al esfuerzo|Revisión tras operación de rodilla|Mareos por la mañana|Erupción en los brazos|Insomnio y ansiedad',
    ),
    allergies: list('Penicilina|Cacahuetes|Látex|Polen|Gluten'),
    products: list(
      `Producto compacto de acabado mate, fácil de limpiar.|Carcasa resistente, dos años de garantía y piezas reemplazables.|Compatible con todos los modelos desde 2019. Mantener seco.|Se muestra cuando la página está vacía.`,
    ),
  },
};
