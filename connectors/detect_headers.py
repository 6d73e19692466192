"""Headers people use -> contract columns, as data: synonyms for every contract, and exports that are known as a whole.

Names are compared after lower-casing and dropping all but letters and digits. A synonym stands under one column only
within a record type; a column not listed here is not proposed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import normalize


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownExport:
    """An export recognised by headers that only it has together.

    ``columns`` maps a contract column to one outside header, or to several that are joined by a blank or dash.
    """

    name: str
    dataset: str
    needs: tuple[str, ...]
    columns: Mapping[str, str | tuple[str, ...]]
    constants: Mapping[str, str] = field(default_factory=dict)
    skip: tuple[str, ...] = ()
    questions: tuple[str, ...] = ()


def plain(header: str) -> str:
    """The form in which headers are compared: ``E-Mail Address`` -> ``emailaddress``, ``Serial #`` -> ``serialno``.

    Umlauts are spelled out as in German (``Währung`` -> ``waehrung``), other accents go (``Quantité`` -> ``quantite``).
    """
    text = header.lower().replace("#", " no ").replace("ß", "ss").replace("№", " no ").replace("n°", " no ")
    for umlaut, spelled in (("ä", "ae"), ("ö", "oe"), ("ü", "ue")):
        text = text.replace(umlaut, spelled)
    return "".join(character for character in normalize("NFKD", text) if character.isalnum())


_PRODUCT = {
    "gtin": "gtin gtin14 gtin13 upc upccode upca ean ean13 eancode barcode upcean upcno productupc itemupc globaltradeitemnumber",
    "sku": "sku stockcode itemsku itemcode itemno itemnumber itemnbr item articleno articlenumber article artikelnummer "
    "artikelnr artnr artikelcode articlecode reference refproduit referenceproduit codearticle referencia codigo "
    "codigoproducto codiceprodotto codicearticolo codiceart "
    "productcode productsku variantsku merchantsku lineitemsku plu productid itemid partnumber stockkeepingunit",
    "model": "model modelno modelnumber modelname modelcode productmodel unitmodel productname product producttitle "
    "productdescription itemname itemdescription itemdesc itemdesc1 description lineitemname title appliancemodel "
    "bezeichnung artikelbezeichnung artikel produkt libelle designation modele descripcion producto modelo descrizione "
    "modello omschrijving",
    "brand": "brand brandname manufacturer make vendor maker marke hersteller marque fabricant "
    "marca fabricante merk fabrikant",
    "serial": "serial serialno serialnumber serialnumbers serialnr sn unitserial productserial productserialnumber "
    "seriennummer imei esn serialcode numerodeserie numeroserie noserie "
    "nodeserie numeroserial seriale numerodiserie matricola serienummer",
}
_PLACE = {
    "region": "region state province country countrycode shippingprovince shippingstate shiptostate stateprovince "
    "customerstate countryname county bundesland ownerstate market territory shippingcountry",
}
_BUYER = {
    "buyer_email": "email emailaddress customeremail buyeremail emailid contactemail mail billingemail shopperemail "
    "e-mail customeremailaddress useremail kundenemail courriel "
    "adresseemail correo correoelectronico emailcliente emailklant",
    "buyer_phone": "phone phonenumber customerphone customerphonenumber buyerphone mobile mobilenumber cell telephone "
    "telephonenumber billingphone tel contactnumber shippingphone telefon "
    "telefonnummer mobilnummer handy telefono movil celular cellulare telefoonnummer telephoneclient",
}
_OWNER = {
    "owner_email": "email emailaddress owneremail customeremail contactemail mail consumeremail registrantemail emailid "
    "useremail yourmail youremail emailaddr",
    "owner_phone": "phone phonenumber ownerphone customerphone mobile mobilenumber cell cellphone telephone "
    "telephonenumber tel contactnumber consumerphone daytimephone homephone primaryphone",
}
_SALE = {
    "sale_id": "saleid saleslineid lineid lineitemid orderlineid transactionlineid saleslinenumber orderitemid",
    "store_id": "store storeid storeno storenbr storenumber storecode shop shopid location locationid locationname outlet "
    "branch filiale site siteid magasin boutique codemagasin tienda codigotienda negozio puntovendita winkel filiaal markt",
    "channel": "channel saleschannel orderchannel source ordersource",
    "sale_date": "saledate salesdate date orderdate invoicedate transactiondate purchasedate createdat datesold solddate "
    "businessdate businessdaydate posdate dailydate wmdate day daily weekendingdate weekending daydate datum bestelldatum rechnungsdatum verkaufsdatum orderedat soldon "
    "kaufdatum belegdatum datevente datedevente datecommande datefacture fecha fechaventa fechapedido fechafactura "
    "data datavendita dataordine datafattura datadocumento verkoopdatum besteldatum factuurdatum",
    "sold_at": "soldat timestamp datetime orderdatetime transactiondatetime saletime",
    "transaction_id": "transactionid transactionno transactionnumber orderid orderno ordernumber order invoiceno "
    "invoicenumber invoiceid invoice receipt receiptno receiptnumber receiptid ticketno basketid belegnummer belegnr "
    "rechnungsnummer bestellnummer purchaseorderno ponumber pono bonnummer bonnr kassenbon "
    "auftragsnummer auftragsnr ticket numeroticket numerocommande numerofacture nocommande nofacture pedido "
    "numeropedido numerofactura factura scontrino numeroordine ordine fattura numerofattura ordernummer factuurnummer",
    "line_no": "lineno linenumber line orderline position pos lineseq sequencenumber",
    "quantity": "quantity qty qtysold quantitysold unitssold units posqty lineitemquantity count menge anzahl stueck "
    "orderedquantity qtyordered salesqty stk quantite qte "
    "cantidad cant unidades quantita qta aantal",
    "unit_price": "unitprice price itemprice lineitemprice sellingprice retailprice unitretail priceperunit einzelpreis "
    "preis saleprice unitcost stueckpreis prixunitaire prix pu "
    "preciounitario precio prezzounitario prezzo stukprijs prijs",
    "net_amount": "netamount netsales amount linetotal lineamount totalprice extendedamount extendedprice sales possales "
    "salesamount netprice nettobetrag umsatz betrag linenet montant "
    "montantht montantligne importe totallinea importo totaleriga bedrag",
    "currency": "currency currencycode waehrung iso4217 devise moneda divisa valuta",
    "promo_id": "promoid promo promotion promotionid discountcode couponcode coupon campaign",
    "care_plan": "careplan protectionplan warrantyplan extendedwarranty hasplan serviceplan",
}

SYNONYMS: Mapping[str, Mapping[str, str]] = {
    "sales": {**_SALE, **_PRODUCT, **_PLACE, **_BUYER, "restated_at": "restatedat updatedat modifiedat lastmodified"},
    "returns": {
        **{name: words for name, words in _SALE.items() if name not in ("care_plan", "promo_id")},
        **_PRODUCT,
        **_PLACE,
        **_BUYER,
        "return_id": "returnid returnno returnnumber rma rmano rmanumber refundid",
        "return_date": "returndate datereturned returnedat returnedon refunddate",
        "return_reason": "returnreason reason reasoncode refundreason",
        "condition": "condition itemcondition",
        "disposition": "disposition",
        "original_transaction_id": "originaltransactionid originalorder originalinvoice originalreceipt",
    },
    "registrations": {
        **_PRODUCT,
        **_PLACE,
        **_OWNER,
        "registration_id": "registrationid registrationno registrationnumber productregistrationid "
        "productregistrationno regid regno regnumber id recordid "
        "submissionid confirmationnumber warrantyid warrantyregistrationid",
        "registered_date": "registereddate registrationdate dateregistered registeredon registeredat regdate datecreated "
        "createdat createddate submitteddate submissiondate submittedat datesubmitted timestamp entrydate",
        "channel": "channel source registrationsource registrationchannel method",
        "purchase_date": "purchasedate dateofpurchase datepurchased purchasedon boughton dop kaufdatum invoicedate",
        "purchase_date_is_estimate": "purchasedateisestimate estimateddate dateestimated",
        "retailer_as_stated": "retailer retailername purchasedfrom placeofpurchase wherepurchased dealer dealername store "
        "storename boughtat boughtfrom haendler seller purchaselocation",
        "consent_service": "consentservice serviceconsent servicecontact oktocontact safetynotices",
        "consent_marketing": "consentmarketing marketingconsent optin marketingoptin newsletter emailoptin "
        "acceptsmarketing subscribe emailconsent",
    },
    "claims": {
        **_PRODUCT,
        **_PLACE,
        **_OWNER,
        "claim_id": "claimid claimno claimnumber claim warrantyclaim id",
        "claim_date": "claimdate dateofclaim failuredate repairdate servicedate",
        "reported_date": "reporteddate datereported opened opendate createdat createddate submitteddate",
        "closed_date": "closeddate dateclosed closed completeddate paiddate",
        "symptom": "symptom complaint customercomplaint symptomcode",
        "fault": "fault faultcode defect defectcode failurecode",
        "cause": "cause causecode rootcause",
        "failed_part": "failedpart partno partnumber causalpart",
        "outcome": "outcome resolution disposition status claimstatus",
        "coverage": "coverage coveragetype warrantytype",
        "labour_cost": "labourcost laborcost labour labor labouramount laboramount",
        "parts_cost": "partscost parts partsamount materialcost",
        "freight_cost": "freightcost freight shippingcost",
        "total_cost": "totalcost total totalamount claimamount amount amountpaid",
        "servicer": "servicer servicecenter servicecentre dealer repairer serviceprovider",
        "denial_reason": "denialreason rejectreason rejectionreason",
        "no_fault_found": "nofaultfound nff ntf notroublefound",
        "purchase_date_used": "purchasedate purchasedateused dateofpurchase dop warrantystart",
    },
    "service_tickets": {
        **_PRODUCT,
        **_PLACE,
        **_OWNER,
        "ticket_id": "ticketid ticketno ticketnumber ticket caseid caseno casenumber id key",
        "created": "created createdat createddate opened openedat opendate datecreated",
        "first_response": "firstresponse firstresponseat firstreplyat firstrespondedat",
        "resolved": "resolved resolvedat closed closedat resolutiondate solvedat",
        "channel": "channel source via contactchannel",
        "topic": "topic category subject type reason",
        "priority": "priority severity",
        "csat": "csat satisfaction satisfactionscore",
        "nps": "nps npsscore",
        "referred_to": "referredto transferredto handedto",
    },
    "repairs": {
        **_PRODUCT,
        **_PLACE,
        **_OWNER,
        "repair_id": "repairid repairno repairnumber workorder workorderno joborder jobno id",
        "visit_no": "visitno visit visitnumber",
        "repair_date": "repairdate eventdate servicedate visitdate completeddate date",
        "opened_date": "openeddate opendate received receiveddate createdat",
        "closed_date": "closeddate closed dateclosed",
        "category": "category productcategory producttype",
        "product_age": "productage age",
        "repair_status": "repairstatus status result",
        "barrier": "repairbarrierifendoflife repairbarrier barrier",
        "parts_used": "partsused parts partscount",
        "group_identifier": "groupidentifier group servicer repairer",
    },
}

KNOWN_EXPORTS: tuple[KnownExport, ...] = (
    KnownExport(
        name="Shopify orders export",
        dataset="sales",
        needs=("Name", "Lineitem quantity", "Lineitem price", "Created at"),
        columns={
            "transaction_id": "Name",
            "sale_date": "Created at",
            "sold_at": "Created at",
            "sku": "Lineitem sku",
            "model": "Lineitem name",
            "brand": "Vendor",
            "quantity": "Lineitem quantity",
            "unit_price": "Lineitem price",
            "currency": "Currency",
            "promo_id": "Discount Code",
            "region": "Shipping Province",
            "buyer_email": "Email",
            "buyer_phone": "Phone",
        },
        constants={"channel": "online"},
        questions=(
            "orders of several lines repeat only some columns: check that each line has its date and currency",
            "refunds do not stand in this export: is there a second one for returns?",
        ),
    ),
    KnownExport(
        name="Square item sales export",
        dataset="sales",
        needs=("Date", "Time", "Item", "Qty", "Net Sales"),
        columns={
            "transaction_id": "Transaction ID",
            "sale_date": "Date",
            "sold_at": ("Date", "Time"),
            "store_id": "Location",
            "sku": "SKU",
            "gtin": "GTIN",
            "model": "Item",
            "quantity": "Qty",
            "net_amount": "Net Sales",
        },
        questions=("which currency are the amounts in? The export does not say",),
    ),
    KnownExport(
        name="Square transactions export",
        dataset="sales",
        needs=("Date", "Time", "Transaction ID", "Total Collected"),
        columns={
            "transaction_id": "Transaction ID",
            "sale_date": "Date",
            "sold_at": ("Date", "Time"),
            "store_id": "Location",
            "net_amount": "Net Sales",
        },
        questions=("this export has no items: can you send the item detail export instead?",),
    ),
    KnownExport(
        name="Square item library",
        dataset="products",
        needs=("Token", "Item Name", "SKU"),
        columns={"gtin": "GTIN", "model": "Item Name", "msrp": "Price"},
        questions=("this is a catalogue, not sales",),
    ),
    KnownExport(
        name="Walmart Retail Link",
        dataset="sales",
        needs=("Store Nbr", "Item Nbr", "POS Qty"),
        columns={
            "store_id": "Store Nbr",
            "sku": "Item Nbr",
            "gtin": "UPC",
            "model": "Vendor Stk Nbr",
            "brand": "Brand Desc",
            "sale_date": "Daily",
            "quantity": "POS Qty",
            "net_amount": "POS Sales",
            "unit_price": "Unit Retail",
            "region": "State",
        },
        constants={"channel": "store"},
        questions=("which currency are the amounts in? The report does not say",),
    ),
    KnownExport(
        name="Walmart Marketplace orders",
        dataset="sales",
        needs=("PO#", "Order#", "Order Date", "SKU"),
        columns={
            "sale_id": ("PO#", "PO Line#"),
            "transaction_id": "Order#",
            "sale_date": "Order Date",
            "sku": "SKU",
            "gtin": "UPC",
            "model": "Item Description",
            "quantity": "Qty",
            "unit_price": "Item Cost",
            "region": "State",
            "buyer_phone": "Customer Phone Number",
        },
        constants={"channel": "marketplace"},
        questions=("which currency are the amounts in? The report does not say",),
    ),
    KnownExport(
        name="UCI Online Retail layout",
        dataset="sales",
        needs=("InvoiceNo", "StockCode", "InvoiceDate", "UnitPrice"),
        columns={
            "transaction_id": "InvoiceNo",
            "sale_date": "InvoiceDate",
            "sold_at": "InvoiceDate",
            "sku": "StockCode",
            "model": "Description",
            "quantity": "Quantity",
            "unit_price": "UnitPrice",
            "region": "Country",
        },
        skip=("StockCode in (POST, DOT, M, D, S, C2, CRUK, PADS, BANK CHARGES, AMAZONFEE)",),
        questions=("which currency are the amounts in? The file does not say",),
    ),
)
