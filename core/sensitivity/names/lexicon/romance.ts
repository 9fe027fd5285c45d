/** Spanish, Portuguese, French, Italian and Romanian: the head comes first. */
import type { Lexicon } from '../lexicon.ts';

export const SPANISH: Lexicon = {
  language: 'es',
  headFirst: true,
  says: {
    'pii.email':
      'correo, correo electrónico, correo electronico, correoelectronico, email contacto, direccion de correo, direccion correo, direccion email, mail contacto, correo e',
    'pii.phone':
      'teléfono, telefono, telefonos, tlf, tfno, telf, móvil, movil, celular, número de teléfono, numero telefono, num telefono, num tel, teléfono móvil, telefono fijo, nro telefono, numero celular, numero de celular, fijo telefono, tel contacto',
    'pii.name':
      'primer nombre, segundo nombre, apellido, apellidos, primer apellido, segundo apellido, apellido paterno, apellido materno, ap paterno, ap materno, apepat, apemat, nombre completo, nombres, nombre y apellidos, nombre apellidos, nombre cliente, nombre usuario, nombre de usuario, nombre paciente, nombre empleado, nombre contacto, nombre del titular, titular, titular cuenta, titular tarjeta, nombre persona, apodo, nombre padre, nombre madre, persona contacto, persona de contacto, nombre alumno, nombre titular, razon social persona, nombre pila, nombre de pila',
    'pii.address':
      'dirección, direccion, domicilio, calle, código postal, codigo postal, cod postal, codpostal, codigopostal, cp, colonia, direccion envio, direccion de envio, direccion facturacion, direccion entrega, direccion fiscal, número exterior, numero exterior, numero interior, num ext, num int, no exterior, lugar nacimiento, lugar de nacimiento, barrio, portal, piso, domicilio fiscal, ciudad natal',
    'pii.national-id':
      'dni, nif, nie, dni nie, curp, rfc, cédula, cedula, cédula identidad, cedula de identidad, rut, run, cuit, cuil, documento identidad, documento de identidad, número documento, numero documento, nro documento, num documento, nro doc, num doc, no documento, documento nacional, identificación, numero identificacion, numero de identificacion, num identificacion, nss, seguridad social, numero seguridad social, numero de seguridad social, num seguridad social, imss, licencia conducir, licencia de conducir, carnet identidad, carnet de identidad, carné, ruc, clave elector, ine, numero de afiliacion, cedula ciudadania, tarjeta identidad, doc identidad, nro dni, numero dni',
    'pii.passport': 'pasaporte, número pasaporte, numero pasaporte, numero de pasaporte, num pasaporte, nro pasaporte',
    'pii.ip': 'dirección ip, direccion ip',
    'pii.location': 'latitud, longitud, coordenadas, geolocalización, ubicacion gps',
    'pii.health':
      'diagnóstico, diagnostico, diagnosticos, enfermedad, enfermedades, alergia, alergias, medicamento, medicamentos, medicación, tipo sangre, tipo de sangre, tipo sanguineo, grupo sanguíneo, grupo sanguineo, historia clínica, historial medico, historia clinica, antecedentes, antecedentes medicos, síntomas, sintomas, tratamiento, tratamientos, discapacidad, embarazo, embarazada, vacuna, vacunas, padecimiento, padecimientos, motivo consulta, receta, peso kg, presion arterial, patologia, patologias, grado discapacidad, cirugias',
    'pii.birth-date':
      'fecha nacimiento, fecha de nacimiento, fechanacimiento, fec nac, fec nacimiento, fnac, fecha nac, f nacimiento, fechanac, nacimiento, cumpleaños, cumpleanos, año nacimiento, fec nacim, fch nacimiento, nacido',
    'pii.free-text':
      'observación, observaciones, nota, notas, comentario, comentarios, mensaje, mensajes, queja, quejas, sugerencia, sugerencias, reseña, resena, biografía, anotaciones, texto libre, instrucciones entrega, indicaciones, opinion, cuerpo mensaje',
    'financial.card':
      'número tarjeta, numero tarjeta, numero de tarjeta, num tarjeta, nro tarjeta, tarjeta credito, tarjeta de credito, tarjeta crédito, tarjeta debito, tarjeta numero, ultimos digitos, ultimos cuatro digitos, ultimos 4 digitos',
    'financial.iban':
      'cuenta bancaria, número cuenta, numero cuenta, numero de cuenta, num cuenta, nro cuenta, cuenta iban, clabe, cbu, cuenta corriente, clabe interbancaria, ccc, datos bancarios, cuenta banco',
    'financial.salary':
      'salario, salarios, sueldo, sueldos, sueldo base, salario base, salario bruto, salario neto, ingresos, ingreso mensual, ingresos mensuales, ingreso anual, remuneración, nómina, nomina, salario mensual, sueldo mensual, renta mensual, salario anual, jornal, sueldo neto, sueldo bruto, honorarios',
    secret:
      'contraseña, contrasena, contrasenia, clave, clave acceso, clave de acceso, clave secreta, clave privada, secreto, palabra clave secreta, pin tarjeta, token acceso, token de acceso, código verificación, codigo verificacion, codigo de seguridad, codigo seguridad, respuesta secreta, clave api, password usuario, contra, contraseña hash, hash contrasena, clave usuario',
  },
  mostly: {
    'pii.address': 'poblacion, localidad, municipio',
    'pii.national-id': 'documento',
    'pii.name':
      'contacto, medico, doctor, profesor, vendedor, conductor, chofer, alumno, usuario nombre, responsable, solicitante, remitente, destinatario',
  },
  among: {
    'pii.name': 'nombre, nom, alias',
    'pii.address': 'ciudad, estado residencia, provincia, departamento residencia, comuna',
    'pii.free-text':
      'descripción, texto, contenido, asunto, motivo, detalle, detalles, respuesta, resumen, pregunta, información, justificacion, concepto, razon',
    'pii.location': 'ubicación, posicion',
    'financial.iban': 'cuenta',
    'financial.card': 'tarjeta',
    'pii.health': 'peso, estatura, altura, talla, resultado',
    'pii.national-id': 'matricula, expediente',
  },
  hints: {
    'pii.name': 'cliente, usuario, paciente, empleado, creado por, persona, autor, alumno, socio',
    'pii.email': 'usuario',
    'pii.phone': 'contacto',
  },
  person:
    'cliente, clientes, usuario, usuarios, empleado, empleados, persona, personas, paciente, pacientes, alumno, alumnos, alumna, estudiante, estudiantes, profesor, profesores, docente, docentes, médico, médicos, medicos, socio, socios, miembro, miembros, contacto, contactos, trabajador, trabajadores, huesped, huéspedes, huespedes, pasajero, pasajeros, beneficiario, beneficiarios, titular, titulares, autor, autores, conductor, conductores, vendedor, vendedores, comprador, compradores, ciudadano, ciudadanos, padre, madre, hijo, hijos, familiar, familiares, tutor, representante, inquilino, afiliado, afiliados, invitado, participante, participantes, candidato, candidatos, solicitante, solicitantes, destinatario, remitente, primer, segundo, paterno, materno, propietario, propietarios, asegurado, acreedor, deudor, suscriptor, suscriptores, jugador, jugadores, entrenador, personal, responsable, deudores',
  thing:
    'producto, productos, artículo, articulos, categoría, categorias, archivo, archivos, tabla, columna, campo, rol, moneda, monedas, proyecto, proyectos, tarea, tareas, libro, libros, película, peliculas, vehículo, vehiculos, curso, cursos, grupo, grupos, materia, materias, idioma, idiomas, equipo, equipos, medicamento catalogo, plato, platos, ingrediente, ingredientes, evento, eventos, marca, marcas, modelo, modelos, servicio, servicios, asignatura, asignaturas, carrera, carreras, cargo, cargos, puesto, puestos, unidad, unidades, permiso, permisos, habitacion, habitaciones, almacen, departamento, departamentos, area, areas, plan, planes, parametro, parametros, tipos, perfil, perfiles, menu',
  organisation:
    'empresa, empresas, proveedor, proveedores, tienda, tiendas, sucursal, sucursales, país, paises, ciudad, ciudades, provincia, provincias, región, regiones, estado, estados, hospital, hospitales, clínica, clinicas, escuela, escuelas, colegio, universidad, banco, bancos, organización, institucion, municipios, distritos, distrito, restaurante, sede, sedes',
  deal: 'pedido, pedidos, factura, facturas, reserva, reservas, pago, pagos, venta, ventas, compra, compras, envío, envios, cita, citas, contrato, contratos, préstamo, prestamos, consulta, consultas, visita, visitas, inscripcion, inscripciones, matriculas, direcciones, domicilios, entrega, entregas, devolucion, solicitud, solicitudes, alquiler, alquileres, siniestro, siniestros, poliza, polizas, ingreso hospital, cuentas',
  writing: 'comentarios, mensajes, reseñas, resenas, opiniones, correos, reclamos, reclamaciones, incidencias, incidencia',
  turns: 'cantidad, tipo, verificado, confirmado, activo, valido, fecha, estado, total, intentos, id, creado, modificado',
  turnsAhead:
    'tipo, tipo de, cantidad, cantidad de, es, tiene, fecha, fecha de, fecha verificacion, fecha envio, estado, id, total, cant, codigo, cod, permite, enviar, formato, idioma, prefijo, contador, tiene, ultimo cambio, recibir, plantilla, verificacion, confirmacion',
  harmless:
    'código, codigo, tipo, estado, moneda, país, pais, idioma, género, genero, sexo, estado civil, categoria, unidad, color, marca, modelo, talla ropa, cargo, puesto, profesión, profesion, ocupacion, nacionalidad, empresa, nombre empresa, nombre producto, numero pedido, numero factura, razon social, titulo, referencia, nombre archivo, ruta, imagen, foto, turno, area, departamento, sucursal, forma pago, metodo pago, codigo barras, serie, folio, nivel, tipo documento, tipo doc, talla',
  filler:
    'número, numero, num, nro, de, del, la, el, los, las, y, fijo, casa, trabajo, personal, principal, alternativo, contacto, envio, facturacion, entrega, actual, por, para, electronico, completo, completa, anterior, nuevo, laboral, particular, uno, dos, oficina',
};

export const PORTUGUESE: Lexicon = {
  language: 'pt',
  headFirst: true,
  says: {
    'pii.email': 'correio eletrônico, correio eletronico, endereco email, endereço de email, e mail contato, endereco eletronico',
    'pii.phone':
      'telefone, telefones, celular, telemóvel, telemovel, fone, número telefone, numero telefone, numero de telefone, telefone fixo, telefone celular, tel celular, ddd telefone, numero celular, contacto telefonico, whats',
    'pii.name':
      'primeiro nome, sobrenome, último nome, ultimo nome, apelido, nome completo, nome cliente, nome usuario, nome do cliente, nome do usuario, nome paciente, nome da mae, nome mae, nome do pai, nome pai, nome social, titular, titular conta, nome titular, nome contato, nome funcionario, nome aluno, nome de usuario, nome utilizador, nome meio, nome proprio',
    'pii.address':
      'endereço, endereco, enderecos, logradouro, rua, cep, código postal, morada, bairro, complemento, endereço entrega, endereco entrega, endereco cobranca, endereco de entrega, número casa, numero casa, numero endereco, residencia, naturalidade, local nascimento, freguesia, ponto referencia',
    'pii.national-id':
      'cpf, cnpj, cpf cnpj, cpfcnpj, cnpj cpf, rg, registro geral, nif, número contribuinte, numero contribuinte, contribuinte, bilhete identidade, bilhete de identidade, cartao cidadao, cartão de cidadão, cartao de cidadao, título eleitor, titulo eleitor, titulo de eleitor, pis, pasep, pis pasep, nis, cnh, numero cnh, niss, documento identidade, numero documento, num documento, identidade, carteira identidade, carteira trabalho, ctps, carteira de identidade, cartao sus, cns, numero utente, inscricao estadual pessoa, rne, carta conducao, numero rg',
    'pii.passport': 'passaporte, número passaporte, numero passaporte, numero do passaporte',
    'pii.ip': 'endereço ip, endereco ip',
    'pii.location': 'coordenadas, geolocalização',
    'pii.health':
      'diagnóstico, doença, doenca, doencas, alergia, alergias, medicamento, medicamentos, medicação, medicacao, tipo sanguíneo, tipo sanguineo, histórico médico, historico medico, sintomas, tratamento, deficiência, deficiencia, gravidez, gestante, vacina, vacinas, prontuário, prontuario, cid, cid 10, queixa principal, anamnese, pressao arterial, grupo sanguineo, patologias',
    'pii.birth-date':
      'data nascimento, data de nascimento, datanascimento, dt nascimento, dt nasc, data nasc, datanasc, nascimento, aniversário, aniversario, ano nascimento, dtnasc, dtnascimento',
    'pii.free-text':
      'observação, observacao, observações, observacoes, obs, nota, notas, comentário, comentario, comentarios, mensagem, mensagens, reclamação, reclamacao, sugestão, sugestao, anotacoes, texto livre, depoimento, parecer, recado',
    'financial.card':
      'número cartão, numero cartao, numero do cartao, cartão crédito, cartao credito, cartao de credito, num cartao, ultimos digitos cartao',
    'financial.iban':
      'conta bancária, conta bancaria, número conta, numero conta, numero da conta, num conta, conta corrente, nib, agência conta, chave pix, pix, agencia, agencia bancaria, dados bancarios, numero agencia',
    'financial.salary':
      'salário, salario, salario base, salario bruto, renda, renda mensal, renda familiar, remuneração, remuneracao, vencimento, vencimentos, ordenado, rendimento, rendimentos, salario liquido, renda anual',
    secret:
      'senha, senhas, senha hash, palavra passe, palavrapasse, segredo, chave secreta, chave privada, chave acesso, token acesso, código segurança, codigo seguranca, codigo verificacao, chave api, hash senha, senha criptografada, resposta secreta',
  },
  mostly: {
    'pii.address': 'municipio, localidade, concelho',
    'pii.name': 'contato, medico, vendedor, motorista, responsavel, solicitante, destinatario, remetente, professor',
  },
  among: {
    'pii.name': 'nome, nomes',
    'pii.address': 'cidade, uf, bairro, distrito',
    'pii.free-text':
      'descrição, descricao, texto, conteúdo, conteudo, assunto, motivo, detalhes, resposta, resumo, pergunta, justificativa, historico, informacoes',
    'pii.location': 'localização, localizacao, posicao',
    'financial.iban': 'conta',
    'pii.health': 'peso, altura',
    'pii.national-id': 'documento, matricula, ie',
    'financial.card': 'cartao',
  },
  hints: {
    'pii.name': 'cliente, usuario, utilizador, paciente, funcionario, aluno, criado por, autor',
    'pii.phone': 'contato, contacto',
  },
  person:
    'cliente, clientes, usuário, usuarios, utilizador, utilizadores, funcionário, funcionarios, colaborador, colaboradores, pessoa, pessoas, paciente, pacientes, aluno, alunos, estudante, estudantes, professor, professores, medico, membro, membros, contato, contatos, hospede, hospedes, passageiro, passageiros, titular, autor, autores, motorista, motoristas, vendedor, vendedores, comprador, cidadao, mae, pai, filho, responsável, responsaveis, inquilino, morador, moradores, dependente, dependentes, participante, participantes, candidato, candidatos, primeiro, ultimo, proprietario, segurado, segurados, associado, associados, doador, doadores, sócio, jogador, atleta, visitante, convidado, fornecedor pessoa, tutor, dentista, empregado, empregados',
  thing:
    'produto, produtos, categoria, categorias, arquivo, arquivos, ficheiro, tabela, coluna, campo, moeda, projeto, projetos, tarefa, tarefas, livro, livros, filme, filmes, veiculo, veiculos, curso, cursos, disciplina, disciplinas, grupo, grupos, turma, turmas, idioma, equipe, equipes, prato, evento, eventos, marca, marcas, modelo, servico, servicos, cargo, cargos, setor, setores, perfil, permissao, departamento, departamentos, unidade, unidades, plano, planos, papel, permissoes, quarto, estoque',
  organisation:
    'empresa, empresas, fornecedor, fornecedores, loja, lojas, filial, filiais, pais, paises, cidade, cidades, estado, estados, hospital, hospitais, clinica, clinicas, escola, escolas, universidade, banco, bancos, organizacao, instituicao, municipios, transportadora, restaurante',
  deal: 'pedido, pedidos, fatura, faturas, reserva, reservas, pagamento, pagamentos, venda, vendas, compra, compras, entrega, entregas, consulta, consultas, contrato, contratos, emprestimo, emprestimos, agendamento, agendamentos, enderecos, moradas, visita, matriculas, encomenda, encomendas, aluguel, locacao, atendimento, atendimentos, contas, internacao',
  writing: 'comentarios, mensagens, avaliacao, avaliacoes, reclamacoes, chamado, chamados, recados',
  turns: 'quantidade, tipo, verificado, confirmado, ativo, valido, data, situacao, tentativas, id',
  turnsAhead:
    'tipo, tipo de, quantidade, qtd, qtde, tem, data, data de, estado, id, codigo, cod, situacao, permite, recebe, contador, formato, e',
  harmless:
    'código, codigo, tipo, situação, situacao, moeda, pais, idioma, genero, sexo, estado civil, categoria, unidade, cor, marca, modelo, cargo, profissao, nacionalidade, empresa, nome fantasia, razao social, nome empresa, nome produto, numero pedido, titulo, referencia, setor, imagem, foto, forma pagamento, nota fiscal, tipo documento, nivel, codigo barras, orgao emissor, turno',
  filler:
    'número, numero, num, do, da, dos, das, de, o, a, e, fixo, casa, trabalho, principal, contato, entrega, cobranca, residencial, comercial, atual, para, por',
};

export const FRENCH: Lexicon = {
  language: 'fr',
  headFirst: true,
  says: {
    'pii.email':
      'courriel, adresse email, adresse mail, adresse courriel, adresse e mail, adresse électronique, mél, adr mail, adressemail, adr email, mail contact, adressemel',
    'pii.phone':
      'téléphone, telephone, numéro téléphone, numero telephone, numéro de téléphone, numero de telephone, num tel, num telephone, no tel, no telephone, numtel, portable, tel portable, tel fixe, tel domicile, tel mobile, téléphone mobile, téléphone portable, telephone fixe, télécopie, telecopie, télécopieur, mobile telephone, gsm, tel bureau, telportable, telfixe',
    'pii.name':
      'prénom, prenom, prénoms, prenoms, nom de famille, nom famille, nomfamille, nom complet, nom client, nom du client, nom utilisateur, nom d utilisateur, nom patient, nom employe, nom naissance, nom de naissance, nom jeune fille, nom de jeune fille, nom marital, nom usage, nom d usage, patronyme, titulaire, nom titulaire, nom prenom, nom et prenom, nomprenom, nom contact, personne contact, personne a contacter, nom pere, nom mere, pseudo, pseudonyme, nom salarie, nom adherent, nom eleve, nom etudiant, nom medecin, interlocuteur',
    'pii.address':
      'adresse, adresses, rue, voie, libelle voie, nom voie, num voie, numero voie, code postal, codepostal, codpost, cod postal, adresse livraison, adresse facturation, adresse de livraison, adresse de facturation, adresse postale, complément adresse, complement adresse, complement d adresse, adresse1, adresse2, domicile, lieu naissance, lieu de naissance, lieunaissance, ville naissance, ville de naissance, lieu dit, adresse ligne, numero rue, adr',
    'pii.national-id':
      'numéro sécurité sociale, numero securite sociale, numero de securite sociale, num secu, numsecu, no secu, nir, sécurité sociale, securite sociale, nss, insee, num insee, numéro fiscal, numero fiscal, carte identité, carte identite, carte d identite, cni, numero cni, num cni, permis conduire, permis de conduire, numero permis, num permis, spi, piece identite, numero piece identite, numero national, nas, carte vitale, avs, numero avs, no avs, ine, matricule national',
    'pii.passport': 'passeport, numéro passeport, numero passeport, numero de passeport, num passeport',
    'pii.ip': 'adresse ip, adresseip',
    'pii.location': 'coordonnees gps, coordonnées géographiques, géolocalisation, geolocalisation, coord gps',
    'pii.health':
      'diagnostic, diagnostics, maladie, maladies, allergie, allergies, médicament, médicaments, medicaments, groupe sanguin, groupesanguin, antécédents, antecedents, antecedents medicaux, symptôme, symptomes, traitement, traitements, handicap, grossesse, enceinte, vaccin, vaccins, vaccination, dossier medical, pathologie, pathologies, ordonnance, posologie, motif consultation, motif hospitalisation, motif arret maladie, observation medicale, tension arterielle, mutuelle',
    'pii.birth-date':
      'date naissance, date de naissance, datenaissance, dt naissance, date naiss, datenaiss, naissance, anniversaire, né le, ne le, annee naissance, dnaiss, ddn, dtnaiss, date nais',
    'pii.free-text':
      'remarque, remarques, note libre, commentaire, commentaires, texte libre, réclamation, reclamation, avis, message libre, précisions, bio, biographie, observations, annotation, consigne livraison, consignes, appréciation, appreciation',
    'financial.card':
      'numéro carte, numero carte, numero de carte, num carte, carte bancaire, carte bleue, carte credit, carte de credit, numero carte bancaire, num cb, numero cb',
    'financial.iban':
      'compte bancaire, numéro compte, numero compte, numero de compte, num compte, rib, code banque, code guichet, cle rib, coordonnees bancaires, no compte',
    'financial.salary':
      'salaire, salaires, salaire brut, salaire net, salaire base, salaire de base, rémunération, remuneration, revenu, revenus, revenu annuel, traitement brut, prime annuelle, revenu fiscal, salaire annuel, salaire mensuel, taux horaire, primes, pretention salariale',
    secret:
      'mot de passe, motdepasse, mot passe, mdp, motpasse, secret, clé secrète, cle secrete, cle privee, cle api, code secret, jeton, jeton acces, jeton d acces, code confidentiel, code acces, code d acces, cryptogramme, mdp hash, mot de passe hash, digicode, code porte, reponse secrete',
  },
  mostly: {
    'pii.address': 'cp, commune, localite',
    'pii.name':
      'contact nom, medecin, responsable, interlocuteur, expediteur, destinataire, conducteur, vendeur, enseignant, civilite nom, beneficiaire',
  },
  among: {
    'pii.name': 'nom, noms, libelle personne',
    'pii.address': 'ville, département, departement, etage, batiment, residence, quartier, lieu, code insee, ligne adresse',
    'pii.free-text':
      'description, texte, contenu, objet, motif, détail, details, réponse, reponse, résumé, sujet, corps, question, observation, informations, raison, message',
    'pii.location': 'emplacement, localisation, position',
    'financial.iban': 'compte',
    'financial.card': 'carte',
    'pii.health': 'poids, taille, resultat',
  },
  hints: {
    'pii.name': 'client, utilisateur, patient, employe, auteur, cree par, salarie, adherent, eleve',
    'pii.phone': 'contact, coordonnees',
  },
  person:
    'client, clients, utilisateur, utilisateurs, employé, employe, employes, salarié, salaries, salarie, personne, personnes, patient, patients, élève, eleve, eleves, étudiant, etudiants, etudiant, professeur, professeurs, enseignant, enseignants, médecin, medecins, membre, membres, adhérent, adherent, adherents, contact, contacts, hote, passager, passagers, bénéficiaire, beneficiaires, titulaire, titulaires, auteur, auteurs, conducteur, conducteurs, vendeur, vendeurs, acheteur, acheteurs, citoyen, citoyens, pere, mere, enfant, enfants, parent, locataire, locataires, assuré, assures, assure, participant, participants, candidat, candidats, famille, jeune, fille, naissance, abonné, abonnes, abonne, visiteur, visiteurs, joueur, joueurs, proprietaire, proprietaires, emprunteur, stagiaire, stagiaires, internaute, internautes, collaborateur, collaborateurs, praticien, praticiens, donateur, donateurs, habitant, habitants, individu, individus, responsable, tuteur, usager, usagers, agent, agents, realisateur',
  thing:
    'produit, produits, article, articles, catégorie, categorie, categories, fichier, fichiers, table, colonne, champ, rôle, role, devise, devises, projet, projets, tâche, tache, taches, livre, livres, véhicule, vehicules, vehicule, cours, matiere, matieres, groupe, groupes, langue, langues, equipe, equipes, plat, plats, ingredient, ingredients, evenement, evenements, marque, marques, modele, modeles, service, services, poste, postes, unite, unites, option, droit, droits, salle, salles, chambre, chambres, materiel, entrepot, famille produit, fonction, fonctions, statut, statuts, promotion, filiere, filieres, type, types, menu, parametre, parametres',
  organisation:
    'entreprise, entreprises, société, societe, societes, fournisseur, fournisseurs, magasin, magasins, agence, agences, pays, ville, villes, région, regions, hôpital, hopital, hopitaux, clinique, école, ecole, ecoles, université, universite, banque, banques, organisme, etablissement, etablissements, departements, communes, association, associations, boutique, boutiques, cabinet, laboratoire',
  deal: 'commande, commandes, facture, factures, réservation, reservation, reservations, paiement, paiements, vente, ventes, achat, achats, livraison, livraisons, rendez vous, rdv, contrat, contrats, prêt, prets, consultation, consultations, visite, visites, inscription, inscriptions, adresses, sejour, sejours, demande, demandes, location, locations, sinistre, sinistres, hospitalisation, hospitalisations, abonnement, abonnements, devis, emprunt, emprunts, colis, expedition',
  writing: 'commentaires, avis, messages, reclamations, courriers, courrier, temoignage, temoignages',
  turns: 'quantite, type, verifie, confirme, actif, valide, date, statut, nombre, tentatives',
  turnsAhead:
    'type, type de, nombre, nombre de, nb, est, a, date, date de, date envoi, statut, id, code, modele, format, total, etat, date verification, date creation, derniere modification',
  harmless:
    'code, type, statut, état, etat, devise, pays, langue, genre, sexe, civilité, civilite, situation familiale, situation matrimoniale, categorie, unité, unite, couleur, marque, modele, fonction, poste, metier, profession, nationalité, nationalite, entreprise, société, societe, nom entreprise, raison sociale, nom produit, numero commande, numero facture, titre, référence, reference, libelle, siret, siren, nom fichier, chemin, image, photo, filiere, mode paiement, niveau, matricule, immatriculation, code barre, code pays',
  filler:
    'numéro, numero, num, no, de, du, la, le, les, des, d, l, et, fixe, domicile, bureau, travail, principal, principale, secondaire, livraison, facturation, perso, pro, professionnel, professionnelle, personnel, personnelle, actuel, complet, par, pour, ancien, ancienne',
};

export const ITALIAN: Lexicon = {
  language: 'it',
  headFirst: true,
  says: {
    'pii.email': 'posta elettronica, indirizzo email, indirizzo mail, indirizzo e mail, pec, indirizzo di posta, mail cliente',
    'pii.phone':
      'telefono, numero telefono, numero di telefono, cellulare, telefono cellulare, telefono fisso, recapito telefonico, num telefono, num cellulare, cell numero, recapito, tel casa, numero cellulare',
    'pii.name':
      'cognome, cognomi, nome completo, nome cognome, nome e cognome, cognome nome, nominativo, nome utente, nome cliente, nome paziente, intestatario, nome intestatario, titolare carta, nome titolare, soprannome, persona di riferimento, nome dipendente, referente, nome battesimo, cognome nubile',
    'pii.address':
      'indirizzo, indirizzi, via, civico, numero civico, num civico, cap, codice postale, indirizzo spedizione, indirizzo di spedizione, indirizzo fatturazione, indirizzo residenza, residenza, luogo nascita, luogo di nascita, comune nascita, comune di nascita, domicilio, frazione, citta residenza, comune residenza',
    'pii.national-id':
      'codice fiscale, codicefiscale, cod fiscale, cod fisc, codfiscale, codfisc, cf, carta identità, carta identita, carta d identita, numero carta identita, patente, numero patente, tessera sanitaria, documento identita, numero documento, num documento',
    'pii.passport': 'passaporto, numero passaporto, num passaporto',
    'pii.ip': 'indirizzo ip',
    'pii.location': 'latitudine, longitudine, coordinate, geolocalizzazione',
    'pii.health':
      'diagnosi, malattia, malattie, allergia, allergie, farmaco, farmaci, medicinali, gruppo sanguigno, anamnesi, sintomi, terapia, terapie, disabilità, disabilita, invalidita, gravidanza, vaccino, vaccini, vaccinazione, cartella clinica, patologia, patologie, referto, referti, intolleranze, pressione arteriosa',
    'pii.birth-date':
      'data nascita, data di nascita, datanascita, dt nascita, nascita, anno nascita, compleanno, nato il, data nasc',
    'pii.free-text':
      'osservazioni, osservazione, nota, commento, commenti, messaggio, messaggi, reclamo, reclami, recensione, testo libero, annotazione, annotazioni, suggerimenti, biografia, segnalazione, appunti',
    'financial.card': 'numero carta, numero di carta, carta credito, carta di credito, num carta, numero carta credito',
    'financial.iban': 'conto corrente, conto bancario, numero conto, numero di conto, coordinate bancarie, abi, cab, codice iban',
    'financial.salary':
      'stipendio, stipendi, salario, retribuzione, reddito, redditi, compenso, paga oraria, ral, paga, stipendio lordo, stipendio netto, reddito annuo, paga base',
    secret:
      'parola chiave, parola d ordine, chiave segreta, chiave privata, segreto, codice segreto, codice sicurezza, chiave api, codice di sicurezza, password utente, domanda segreta risposta',
  },
  mostly: {
    'pii.address': 'comune, localita',
    'pii.name': 'contatto, medico, docente, autista, venditore, responsabile, mittente, destinatario',
  },
  among: {
    'pii.name': 'nome, nomi, denominazione persona',
    'pii.address': 'città, citta, provincia, prov, interno, scala, piano, quartiere',
    'pii.free-text':
      'descrizione, testo, contenuto, oggetto, motivo, dettagli, risposta, richiesta, domanda, note, causale, motivazione, informazioni',
    'pii.location': 'posizione, ubicazione',
    'financial.iban': 'conto',
    'financial.card': 'carta',
    'pii.health': 'peso, altezza, esito',
  },
  hints: { 'pii.name': 'cliente, utente, paziente, dipendente, autore, creato da, socio' },
  person:
    'cliente, clienti, utente, utenti, dipendente, dipendenti, impiegato, impiegati, persona, persone, anagrafica, anagrafiche, paziente, pazienti, studente, studenti, alunno, alunni, docente, docenti, insegnante, insegnanti, medico, medici, membro, membri, socio, soci, contatto, contatti, ospite, ospiti, passeggero, passeggeri, beneficiario, titolare, intestatario, autore, autori, conducente, venditore, venditori, acquirente, cittadino, cittadini, padre, madre, figlio, figli, inquilino, assicurato, assicurati, partecipante, partecipanti, candidato, candidati, proprietario, proprietari, abbonato, abbonati, lavoratore, lavoratori, iscritto, iscritti, tesserato, giocatore, visitatore, visitatori, referente',
  thing:
    'prodotto, prodotti, articolo, articoli, categoria, categorie, tabella, colonna, campo, ruolo, ruoli, valuta, valute, progetto, progetti, attivita, libro, libri, veicolo, veicoli, corso, corsi, materia, materie, gruppo, gruppi, lingua, lingue, squadra, squadre, piatto, piatti, ingrediente, ingredienti, evento, eventi, marca, marche, modello, modelli, servizio, servizi, reparto, reparti, unita, camera, camere, stanza, permessi, magazzino, tipo, tipi, menu, esame, esami',
  organisation:
    'azienda, aziende, società, ditta, ditte, fornitore, fornitori, negozio, negozi, filiale, filiali, paese, paesi, nazione, nazioni, regione, regioni, ospedale, ospedali, clinica, scuola, scuole, banca, banche, ente, enti, comuni, province, sede, sedi, agenzia',
  deal: 'ordine, ordini, fattura, fatture, prenotazione, prenotazioni, pagamento, pagamenti, vendita, vendite, acquisto, acquisti, spedizione, spedizioni, consegna, consegne, appuntamento, appuntamenti, contratto, contratti, prestito, prestiti, visita, visite, ricovero, ricoveri, iscrizione, iscrizioni, indirizzi, noleggio, richieste, polizza, polizze, sinistro, sinistri',
  writing: 'commenti, messaggi, recensioni, segnalazioni, reclami',
  turns: 'quantita, tipo, verificato, confermato, attivo, valido, data, stato, tentativi',
  turnsAhead: 'tipo, tipo di, quantita, e, ha, data, data di, stato, id, codice, cod, formato, totale, numero di',
  harmless:
    'codice, tipo, stato, valuta, paese, nazione, lingua, genere, sesso, stato civile, categoria, unita, colore, marca, modello, ruolo, professione, nazionalita, azienda, ragione sociale, partita iva, piva, p iva, nome azienda, nome prodotto, numero ordine, titolo, riferimento, denominazione, reparto, mansione, livello, immagine, targa, modalita pagamento, matricola, nome file',
  filler:
    'numero, num, di, del, della, il, lo, la, e, fisso, casa, ufficio, lavoro, principale, spedizione, fatturazione, attuale, da, per, consegna',
};

export const ROMANIAN: Lexicon = {
  language: 'ro',
  headFirst: true,
  says: {
    'pii.email': 'posta electronica, adresa email, adresa de email, adresa mail',
    'pii.phone': 'telefon, numar telefon, nr telefon, nr tel, telefon mobil, numar de telefon, telefon fix',
    'pii.name':
      'prenume, nume familie, nume de familie, nume complet, nume client, nume utilizator, nume prenume, nume si prenume, numele mamei, numele tatalui, persoana contact, nume pacient, nume angajat',
    'pii.address':
      'adresa, adrese, strada, str, cod postal, domiciliu, adresa livrare, adresa facturare, locul nasterii, loc nastere, scara, sector adresa',
    'pii.national-id':
      'cnp, cod numeric personal, serie buletin, buletin, carte identitate, carte de identitate, serie ci, serie si numar ci, numar ci, act identitate, permis conducere',
    'pii.passport': 'pasaport, numar pasaport, nr pasaport',
    'pii.health':
      'diagnostic, boala, boli, alergii, alergie, medicament, medicamente, grupa sange, grupa sanguina, istoric medical, simptome, tratament, handicap, sarcina, vaccin',
    'pii.birth-date': 'data nasterii, datanasterii, data nastere, zi nastere, anul nasterii, data nașterii',
    'pii.free-text': 'observatii, observatie, comentariu, comentarii, mesaj, mesaje, nota, note, reclamatie, recenzie, mentiuni',
    'financial.card': 'numar card, nr card, card bancar, card credit',
    'financial.iban': 'cont bancar, numar cont, nr cont, cont iban',
    'financial.salary': 'salariu, salariu brut, salariu net, salariu baza, venit, venituri, venit lunar',
    secret: 'parola, parole, parola hash, cheie secreta, cheie privata, cod secret, cod pin, jeton acces',
  },
  mostly: { 'pii.address': 'localitate, oras' },
  among: {
    'pii.name': 'nume',
    'pii.address': 'judet, oras, bloc, apartament',
    'pii.free-text': 'descriere, text, continut, subiect, motiv, detalii, raspuns',
  },
  person:
    'client, clienti, utilizator, utilizatori, angajat, angajati, persoana, persoane, pacient, pacienti, elev, elevi, student, studenti, profesor, profesori, medic, medici, membru, membri, cititor, cititori, sofer, soferi, beneficiar, titular, autor, autori, locatar, asigurat, chirias, familie',
  thing:
    'produs, produse, categorie, categorii, fisier, fisiere, rol, roluri, moneda, proiect, proiecte, carte, carti, masina, masini, curs, cursuri, grupa, departament, departamente, serviciu, servicii, eveniment, ingredient',
  organisation:
    'firma, firme, companie, companii, furnizor, furnizori, magazin, magazine, tara, tari, judete, localitati, orase, spital, spitale, scoala, banca, filiala',
  deal: 'comanda, comenzi, factura, facturi, rezervare, rezervari, plata, plati, vanzare, vanzari, livrare, livrari, programare, programari, contract, contracte, imprumut, consultatie, consultatii, adrese',
  turnsAhead: 'tip, numar de, data, stare, id, cod, este, are, cantitate',
  turns: 'tip, verificat, confirmat, activ, valid, cantitate',
  harmless:
    'cod, tip, stare, moneda, tara, limba, gen, sex, stare civila, categorie, unitate, culoare, marca, functie, profesie, nationalitate, cetatenie, denumire, denumire produs, titlu, cui, numar comanda',
  filler: 'numar, nr, de, si, mobil, fix, acasa, serviciu, livrare, facturare',
};
