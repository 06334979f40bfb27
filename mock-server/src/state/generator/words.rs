//! What businesses are called, and the telephone numbers that nobody has. To change a list, or the
//! order in it, changes what every seed means.

use super::Language;

/// Of a hundred companies, so many are named in this language and have such numbers.
///
/// Set aside for fiction: 06 39 98 in France (by ARCEP), 07700 900 in the United Kingdom (by Ofcom),
/// 555-01 in North America (by NANPA). The other countries set none aside; no number of theirs
/// begins with 00, and none of Cameroon's with 6 00.
pub(super) const NUMBERS: [(u64, (Language, &str)); 10] = [
    // Cameroon, as in the reference's sample.
    (42, (Language::French, "+237 6 00 ## ## ##")),
    (6, (Language::English, "+237 6 00 ## ## ##")),
    // Gabon, Congo, Chad, Côte d'Ivoire, Senegal.
    (8, (Language::French, "+241 00 ## ## ##")),
    (8, (Language::French, "+242 00 ### ####")),
    (5, (Language::Arabic, "+235 00 ## ## ##")),
    (10, (Language::French, "+225 00 00 ## ## ##")),
    (9, (Language::French, "+221 00 ### ## ##")),
    (4, (Language::French, "+33 6 39 98 ## ##")),
    (4, (Language::English, "+44 7700 900###")),
    (4, (Language::English, "+1 202-555-01##")),
];

#[rustfmt::skip]
pub(super) const FRENCH_TRADES: [&str; 28] = [
    "Agence", "Alimentation", "Atelier", "Auto-école", "Boucherie", "Boulangerie", "Café",
    "Clinique", "Coiffure", "Complexe scolaire", "Couture", "École", "Électro", "Épicerie",
    "Établissements", "Garage", "Hôtel", "Imprimerie", "Laboratoire", "Librairie", "Maison",
    "Menuiserie", "Optique", "Pâtisserie", "Pharmacie", "Quincaillerie", "Restaurant", "Transports",
];

#[rustfmt::skip]
pub(super) const FRENCH_NAMES: [&str; 40] = [
    "Abena", "Akoa", "Aïssatou", "Ateba & Fils", "Atangana", "Bâ", "Belle Étoile", "Bénédiction",
    "Diallo", "Djoumessi", "Ékambi", "Espérance", "Essomba", "Fotso & Frères", "Générale", "Kamga",
    "Kouassi", "La Colombe", "La Grâce", "Le Baobab", "Le Palmier", "L'Avenir", "L'Œuf d'or",
    "Mbarga", "Mbuyi", "Ndoye", "Ngo Bassa", "Nguéma", "Nkoulou", "N'Diaye Sœurs", "Njoya",
    "Obiang", "Ondoa", "Panafricaine", "Sainte-Thérèse", "Sawa", "Tchoumi", "Traoré", "Wandji",
    "Zoé",
];

#[rustfmt::skip]
pub(super) const PLACES: [&str; 20] = [
    "Akwa", "Bafoussam", "Bastos", "Bonabéri", "Bonapriso", "de l'Aéroport", "de la Gare", "Deïdo",
    "du Carrefour", "du Centre", "du Littoral", "du Marché", "Limbé", "Makepe", "Maroua",
    "Mvog-Ada", "Ngaoundéré", "Plateau", "Poto-Poto", "Yaoundé",
];

#[rustfmt::skip]
pub(super) const ENGLISH_NAMES: [&str; 28] = [
    "Adeyemi", "Amara's", "Anglers'", "Blue Door", "Bright Future", "Chloë's", "Corner",
    "Evergreen", "Fombe", "Golden Gate", "Good Hope", "Harbour", "Hillside", "Ìbàdàn Road",
    "Lantern", "Limbe Bay", "Mount Fako", "New Dawn", "O'Brien", "Okonkwo", "Old Mill",
    "Palm Court", "Riverside", "Sunrise", "Tambe & Sons", "Three Sisters", "Unity", "Zoë & Co",
];

#[rustfmt::skip]
pub(super) const ENGLISH_TRADES: [&str; 24] = [
    "Academy", "Auto Repairs", "Bakery", "Books", "Builders", "Clinic", "Coffee", "Dental Care",
    "Electronics", "Fabrics", "Farm Shop", "Fitness", "Florist", "Foods", "Guest House", "Hardware",
    "Laundry", "Logistics", "Opticians", "Pharmacy", "Phones", "Stores", "Tailors", "Travel",
];

#[rustfmt::skip]
pub(super) const ARABIC_TRADES: [&str; 8] = [
    "بقالة", "خياطة", "صيدلية", "عيادة", "مخبز", "مدرسة", "مطعم", "مكتبة",
];

#[rustfmt::skip]
pub(super) const ARABIC_NAMES: [&str; 10] = [
    "الأمل", "البركة", "السلام", "الصحراء", "النجاح", "النور", "الوفاء", "الياسمين", "انجمينا",
    "شاري",
];
