package people

import (
	"archive/zip"
	"bytes"
	"crypto/sha1" //nolint:gosec // XDS metadata asks for SHA-1 (ITI TF-3 §4.2.3.2.10)
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"html"
	"strings"
	"time"
)

// clinicalDocument is what an IHE_XDM.zip needs to know of its one document.
type clinicalDocument struct {
	patient      Patient
	typeCode     string // LOINC or TRE_A05
	typeName     string
	class        string // TRE_A03
	className    string
	authorID     string // IDNPS
	authorFamily string
	authorGiven  string
	specialty    string // "G15_10/SM03"
	institution  string
	at           time.Time
	pdf          []byte
}

// xdmSubject is the subject of a letter that carries the document (ECO.2.1.3).
func (d clinicalDocument) xdmSubject() string {
	name := []rune(d.typeName)
	if len(name) > 40 {
		name = name[:40]
	}
	return fmt.Sprintf("XDM/1.0/DDM+%s %s %s %s", string(name), d.patient.Family, d.patient.Given, d.patient.Birth)
}

// pdfName is the name of the PDF beside the archive (ECO.2.1.6).
func (d clinicalDocument) pdfName() string {
	return fmt.Sprintf("%s_%s_%s_%s.pdf", d.at.Format("20060102"), d.typeName, d.patient.Family, d.patient.Given)
}

// files are the two attachments of a structured letter: archive, then PDF.
func (d clinicalDocument) files() []file {
	return []file{
		{name: "IHE_XDM.zip", contentType: "application/zip", data: d.archive(), naming: "raw"},
		{name: d.pdfName(), contentType: "application/pdf", data: d.pdf},
	}
}

// headers are the MSSanté fields that go with an archive (ECO.2.4.1, ECO.2.4.2).
func (d clinicalDocument) headers() []string {
	return []string{"X-MSS-CODECDA: " + d.typeCode, "X-MSS-INS: O"}
}

// archive builds the IHE_XDM.zip.
func (d clinicalDocument) archive() []byte {
	cda := []byte(d.cda())
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range []struct {
		name string
		data []byte
	}{
		{"README.TXT", []byte("Archive IHE XDM produite pour une démonstration. Document fictif.\r\n")},
		{"INDEX.HTM", []byte(`<html xmlns="http://www.w3.org/1999/xhtml"><head><title>` + html.EscapeString(d.typeName) +
			`</title></head><body><p><a href="IHE_XDM/SUBSET01/DOC0001.XML">` + html.EscapeString(d.typeName) + "</a></p></body></html>\r\n")},
		{"IHE_XDM/SUBSET01/METADATA.XML", []byte(d.metadata(cda))},
		{"IHE_XDM/SUBSET01/DOC0001.XML", cda},
	} {
		w, err := z.CreateHeader(&zip.FileHeader{Name: f.name, Method: zip.Deflate, Modified: d.at.UTC().Truncate(2 * time.Second)})
		if err != nil {
			panic(err) // writes to memory
		}
		_, _ = w.Write(f.data)
	}
	_ = z.Close()
	return out.Bytes()
}

func (d clinicalDocument) uniqueID() string {
	return "1.2.250.1.999.1.7." + d.at.UTC().Format("20060102150405")
}

func (d clinicalDocument) sex() string {
	if d.patient.INS.Sex() == "féminin" {
		return "F"
	}
	return "M"
}

func (d clinicalDocument) birthISO() string {
	b := d.patient.Birth // JJ/MM/AAAA
	return b[6:] + b[3:5] + b[:2]
}

// cda is a level 1 CDA R2 document: a header and the PDF itself.
func (d clinicalDocument) cda() string {
	at := d.at.Format("20060102150405-0700")
	r := strings.NewReplacer(
		"{uid}", d.uniqueID(), "{code}", d.typeCode, "{title}", html.EscapeString(d.typeName), "{at}", at,
		"{ins}", string(d.patient.INS), "{family}", d.patient.Family, "{given}", d.patient.Given, "{sex}", d.sex(), "{birth}", d.birthISO(),
		"{author}", d.authorID, "{afamily}", d.authorFamily, "{agiven}", d.authorGiven, "{specialty}", d.specialty,
		"{institution}", html.EscapeString(d.institution), "{pdf}", base64.StdEncoding.EncodeToString(d.pdf))
	return r.Replace(cdaTemplate)
}

const cdaTemplate = `<?xml version="1.0" encoding="UTF-8"?>
<ClinicalDocument xmlns="urn:hl7-org:v3">
 <realmCode code="FR"/>
 <typeId root="2.16.840.1.113883.1.3" extension="POCD_HD000040"/>
 <templateId root="2.16.840.1.113883.2.8.2.1"/>
 <templateId root="1.2.250.1.213.1.1.1.1"/>
 <templateId root="1.3.6.1.4.1.19376.1.2.20"/>
 <id root="{uid}"/>
 <code code="{code}" codeSystem="2.16.840.1.113883.6.1" displayName="{title}"/>
 <title>{title}</title>
 <effectiveTime value="{at}"/>
 <confidentialityCode code="N" codeSystem="2.16.840.1.113883.5.25" displayName="Normal"/>
 <languageCode code="fr-FR"/>
 <setId root="{uid}.0"/>
 <versionNumber value="1"/>
 <recordTarget><patientRole>
  <id extension="{ins}" root="1.2.250.1.213.1.4.10"/>
  <patient>
   <name><given>{given}</given><given qualifier="BR">{given}</given><family qualifier="BR">{family}</family></name>
   <administrativeGenderCode code="{sex}" codeSystem="2.16.840.1.113883.5.1"/>
   <birthTime value="{birth}"/>
   <birthplace><place><addr><county>37990</county></addr></place></birthplace>
  </patient>
 </patientRole></recordTarget>
 <author><time value="{at}"/><assignedAuthor>
  <id root="1.2.250.1.71.4.2.1" extension="{author}"/>
  <code code="{specialty}" codeSystem="1.2.250.1.213.1.1.4.5"/>
  <assignedPerson><name><family>{afamily}</family><given>{agiven}</given></name></assignedPerson>
  <representedOrganization><name>{institution}</name></representedOrganization>
 </assignedAuthor></author>
 <custodian><assignedCustodian><representedCustodianOrganization>
  <id root="1.2.250.1.71.4.2.2" extension="1379900001"/><name>{institution}</name>
 </representedCustodianOrganization></assignedCustodian></custodian>
 <component><nonXMLBody><text mediaType="application/pdf" representation="B64">{pdf}</text></nonXMLBody></component>
</ClinicalDocument>
`

// metadata is the ebRIM submission that describes the document (ITI TF-3 §4.2).
func (d clinicalDocument) metadata(cda []byte) string {
	sum := sha1.Sum(cda) //nolint:gosec // see the import
	person := fmt.Sprintf("%s^%s^%s^^^^^^&amp;1.2.250.1.71.4.2.1&amp;ISO^D^^^IDNPS", d.authorID, d.authorFamily, d.authorGiven)
	patient := string(d.patient.INS) + "^^^&amp;1.2.250.1.213.1.4.10&amp;ISO^NH"
	author := slot("authorInstitution", html.EscapeString(d.institution)+"^^^^^&amp;1.2.250.1.71.4.2.2&amp;ISO^IDNST^^^1379900001") +
		slot("authorPerson", person) + slot("authorSpecialty", d.specialty+"^^1.2.250.1.213.1.1.4.5")
	utc := d.at.UTC().Format("20060102150405")
	var b strings.Builder
	b.WriteString(`<?xml version="1.0" encoding="UTF-8"?>
<lcm:SubmitObjectsRequest xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0" xmlns:rim="urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0">
<rim:RegistryObjectList>
<rim:ExtrinsicObject id="Document01" mimeType="text/xml" objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1" status="urn:oasis:names:tc:ebxml-regrep:StatusType:Approved">
`)
	b.WriteString(slot("creationTime", utc) + slot("hash", hex.EncodeToString(sum[:])) + slot("languageCode", "fr-FR") + slot("legalAuthenticator", person) +
		slot("serviceStartTime", utc) + slot("size", fmt.Sprint(len(cda))) + slot("sourcePatientId", patient) +
		slot("sourcePatientInfo", "PID-5|"+d.patient.Family+"^"+d.patient.Given+"^^^^^L", "PID-7|"+d.birthISO(), "PID-8|"+d.sex()) + slot("URI", "DOC0001.XML"))
	fmt.Fprintf(&b, "<rim:Name><rim:LocalizedString value=\"%s\"/></rim:Name>\n", html.EscapeString(d.typeName))
	b.WriteString(classification("author", "93606bcf-9494-43ec-9b4e-a7748d1a838d", "Document01", "", author))
	for _, c := range [][4]string{
		{"41a5887f-8865-4c09-adf7-e362475b143a", d.class, d.className, "1.2.250.1.213.1.1.4.1"},
		{"f4f85eac-e6cb-4883-b524-f2705394840f", "N", "Normal", "2.16.840.1.113883.5.25"},
		{"a09d5840-386c-46f2-b5ad-9c3699a4309d", "urn:ihe:iti:xds-sd:pdf:2008", "Document à corps non structuré en Pdf", "1.3.6.1.4.1.19376.1.2.3"},
		{"f33fb8ac-18af-42cc-ae0e-ed0b0bdb91e1", "SA01", "Etablissement public de santé", "1.2.250.1.71.4.2.4"},
		{"cccf5598-8b07-4b77-a05e-ae952c785ead", "ETABLISSEMENT", "Etablissement de santé", "1.2.250.1.213.1.1.4.9"},
		{"f0306f51-975f-434e-a61c-c59651d33983", d.typeCode, d.typeName, "2.16.840.1.113883.6.1"},
	} {
		b.WriteString(classification("c-"+c[0][:8], c[0], "Document01", c[1], slot("codingScheme", c[3])+
			"<rim:Name><rim:LocalizedString value=\""+html.EscapeString(c[2])+"\"/></rim:Name>"))
	}
	b.WriteString(external("58a6f841-87b3-4a3e-92fd-a8ffeff98427", "Document01", "XDSDocumentEntry.patientId", patient))
	b.WriteString(external("2e82c1f6-a085-4c72-9da3-8640a32e42ab", "Document01", "XDSDocumentEntry.uniqueId", d.uniqueID()))
	b.WriteString("</rim:ExtrinsicObject>\n<rim:RegistryPackage id=\"SubmissionSet01\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:RegistryPackage\">\n" + slot("submissionTime", utc))
	b.WriteString(classification("ss-author", "a7058bb9-b4e4-4307-ba5b-e3f0ab85e12d", "SubmissionSet01", "", author))
	b.WriteString(classification("ss-content", "aa543740-bdda-424e-8c96-df4873be8500", "SubmissionSet01", "04", slot("codingScheme", "1.2.250.1.213.2.2")))
	b.WriteString(external("6b5aea1a-874d-4603-a4bc-96a0a7b38446", "SubmissionSet01", "XDSSubmissionSet.patientId", patient))
	b.WriteString(external("554ac39e-e3fe-47fe-b233-965d2a147832", "SubmissionSet01", "XDSSubmissionSet.sourceId", "1.2.250.1.999.1.1"))
	b.WriteString(external("96fdda7c-d067-4183-912e-bf5ee74998a8", "SubmissionSet01", "XDSSubmissionSet.uniqueId", "1.2.250.1.999.1.1."+utc))
	b.WriteString(`</rim:RegistryPackage>
<rim:Classification id="cl-ss" classifiedObject="SubmissionSet01" classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd" objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification"/>
<rim:Association id="as01" associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember" sourceObject="SubmissionSet01" targetObject="Document01" objectType="urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Association">` +
		slot("SubmissionSetStatus", "Original") + "</rim:Association>\n</rim:RegistryObjectList>\n</lcm:SubmitObjectsRequest>\n")
	return b.String()
}

// slot writes values that are already escaped for XML.
func slot(name string, values ...string) string {
	return "<rim:Slot name=\"" + name + "\"><rim:ValueList><rim:Value>" + strings.Join(values, "</rim:Value><rim:Value>") + "</rim:Value></rim:ValueList></rim:Slot>\n"
}

func classification(id, scheme, object, node, inside string) string {
	return fmt.Sprintf("<rim:Classification id=\"%s\" classificationScheme=\"urn:uuid:%s\" classifiedObject=\"%s\" nodeRepresentation=\"%s\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:Classification\">%s</rim:Classification>\n",
		id, scheme, object, node, inside)
}

func external(scheme, object, name, value string) string {
	return fmt.Sprintf("<rim:ExternalIdentifier id=\"x-%s\" registryObject=\"%s\" identificationScheme=\"urn:uuid:%s\" value=\"%s\" objectType=\"urn:oasis:names:tc:ebxml-regrep:ObjectType:RegistryObject:ExternalIdentifier\"><rim:Name><rim:LocalizedString value=\"%s\"/></rim:Name></rim:ExternalIdentifier>\n",
		scheme[:8]+object, object, scheme, value, name)
}
