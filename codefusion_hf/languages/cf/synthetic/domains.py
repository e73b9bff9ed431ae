# Copyright 2026 The codefusion-hf authors.
# SPDX-License-Identifier: Apache-2.0
"""
What tables of some twenty-five subjects have for columns, and what people call those: the material of
[`~codefusion_hf.languages.cf.synthetic.tables`].

A [`Field`] describes a column in all the ways that matter to a sentence: the names that a header may give it, other
words for it, the kind of its cells, and phrases that imply it without naming it ("older than", "born before"). A
[`Domain`] is a subject with its fields. `HELD_OUT_DOMAINS` share no field and no list of texts with `DOMAINS`: a model
that is trained on the one can be measured on tables that it has never seen.
"""

from dataclasses import dataclass


KINDS = ("integer", "decimal", "money", "percent", "date", "year", "text", "name", "code", "boolean")
NUMERIC_KINDS = frozenset({"integer", "decimal", "money", "percent", "year"})
TEXT_KINDS = frozenset({"text", "name", "code", "boolean"})


@dataclass(frozen=True)
class Field:
    """
    A column that tables of some subject may have.

    Args:
        names (`str`):
            What a header may call it, separated by `;`.
        kind (`str`):
            What its cells hold, one of `KINDS`.
        low (`float`, *optional*, defaults to 0):
            Smallest number; of dates and years, the first year.
        high (`float`, *optional*, defaults to 100):
            Largest number; of dates, the last year.
        texts (`str`, *optional*):
            Its texts, separated by `;`, for the kind `text`; the pattern of codes (`A` a capital, `a` a small letter,
            `0` a digit) for `code`; the two values for `boolean`.
        words (`str`, *optional*):
            Other words that sentences use for it, separated by `;`.
        more (`str`, *optional*):
            Phrases for "greater than a value", which stands for `{v}`, separated by `;`.
        less (`str`, *optional*):
            Phrases for "less than a value".
        most (`str`, *optional*):
            Words that make a `Top` of it, such as `oldest`, separated by `;`.
        least (`str`, *optional*):
            Words that make a `Bottom` of it.
        equal (`str`, *optional*):
            Phrases for "equal to a value", such as `from {v}`.
    """

    names: str
    kind: str
    low: float = 0
    high: float = 100
    texts: str = ""
    words: str = ""
    more: str = ""
    less: str = ""
    most: str = ""
    least: str = ""
    equal: str = ""


@dataclass(frozen=True)
class Domain:
    """
    A subject that tables are about.

    Args:
        entities (`str`):
            What a row is, in the plural, separated by `;`.
        fields (`tuple[Field, ...]`):
            Columns to choose from.
        sheets (`str`, *optional*):
            Names of sheets, separated by `;`.
    """

    entities: str
    fields: tuple[Field, ...]
    sheets: str = "Sheet1;sheet1;Data"


_CITIES = (
    "London;Paris;Berlin;Madrid;Rome;New York;Chicago;Boston;Dallas;Seattle;Toronto;Sydney;Mumbai;Delhi;Tokyo;Osaka;"
    "Seoul;Cairo;Lagos;Nairobi;Lima;Bogota;Oslo;Vienna;Prague;Zürich;Dublin;Austin;Denver;Miami;San Diego;Hong Kong"
)
_COUNTRIES = (
    "USA;United States;UK;France;Germany;Spain;Italy;India;China;Japan;Brazil;Mexico;Canada;Australia;Norway;Sweden;"
    "Poland;Egypt;Kenya;Nigeria;South Africa;Argentina;Chile;Turkey;Greece;Portugal;Netherlands;Switzerland;"
    "Côte d'Ivoire"
)
_STATUSES = "Open;Closed;Pending;Done;In Progress;On Hold;Completed;Cancelled;Approved;Rejected;Not Started;N/A;Active"
_DEPARTMENTS = "Sales;Marketing;Finance;HR;IT;Legal;Engineering;Support;Operations;R&D;Logistics;Human Resources"
_LEVELS = "High;Medium;Low;Critical;Normal;Urgent;None"
_GRADES = "A;B;C;D;E;F;A+;B+;C-;Pass;Fail"
_PRODUCTS = (
    "Laptop;Desk;Chair;Monitor;Keyboard;Printer;Phone;Tablet;Lamp;Router;Notebook;Pen;Paper;Stapler;USB Cable;Mouse;"
    "Coffee Maker;Office Chair;Standing Desk;Headset;Webcam;Projector;Backpack;Charger"
)


_PERSON = Field("Name;Full Name;Employee Name;Student Name;Person;Contact;name", "name", equal="named {v};called {v}")
_AGE = Field(
    "Age;Age (years);Current Age;AGE",
    "integer",
    5,
    90,
    words="age;years of age",
    more="older than {v};over {v} years old;aged over {v};above {v} years",
    less="younger than {v};under {v} years old;aged under {v};below {v} years of age",
    most="oldest",
    least="youngest",
)
_GENDER = Field("Gender;Sex;gender", "text", texts="Male;Female;M;F;Other", words="gender;sex")
_CITY = Field(
    "City;Location;Town;Office;Branch",
    "text",
    texts=_CITIES,
    words="city;place;location",
    equal="from {v};in {v};located in {v};based in {v};living in {v}",
)
_COUNTRY = Field(
    "Country;Nation;Country of Origin;Region",
    "text",
    texts=_COUNTRIES,
    words="country",
    equal="from {v};in {v};made in {v}",
)
_STATUS = Field(
    "Status;State;Current Status;status;Stage",
    "text",
    texts=_STATUSES,
    words="status;state",
    equal="marked {v};marked as {v};that are {v};with status {v}",
)
_DEPARTMENT = Field(
    "Department;Dept;Team;Division;dept_name",
    "text",
    texts=_DEPARTMENTS,
    words="department;team",
    equal="in {v};working in {v};from the {v} department;of the {v} team;in the {v} department",
)
_SALARY = Field(
    "Salary;Annual Salary;Monthly Pay;Wage;Income;Base Salary (USD)",
    "money",
    1200,
    250000,
    words="salary;pay;income;earnings",
    more="earning more than {v};who earn over {v};paid more than {v};making more than {v};who make above {v}",
    less="earning less than {v};who earn under {v};paid less than {v}",
    most="best paid;highest paid;highest earning",
    least="worst paid;lowest paid",
)
_PRICE = Field(
    "Price;Unit Price;Cost;Price (EUR);List Price;unit_price;Cost per Unit",
    "money",
    1,
    2000,
    words="price;cost",
    more="costing more than {v};more expensive than {v};that cost over {v};priced above {v};dearer than {v}",
    less="cheaper than {v};costing less than {v};that cost under {v};priced below {v}",
    most="most expensive;priciest;costliest",
    least="cheapest;least expensive",
    equal="costing {v};priced at {v}",
)
_QUANTITY = Field(
    "Quantity;Qty;Units;Amount;No. of Items;Count;qty_ordered",
    "integer",
    0,
    900,
    words="quantity;number of units;amount",
    more="with more than {v} units;more than {v} pieces",
    less="with fewer than {v} units;fewer than {v} pieces",
)
_DATE = Field(
    "Date;Order Date;Created;Due Date;Deadline;Start Date;date",
    "date",
    2012,
    2024,
    words="date;day",
    more="after {v};later than {v};since {v};dated after {v}",
    less="before {v};earlier than {v};prior to {v};dated before {v}",
    most="latest;most recent;newest",
    least="earliest;oldest",
    equal="on {v};dated {v}",
)
_CATEGORY = Field(
    "Category;Type;Group;Class;Kind;Segment",
    "text",
    texts="Food;Toys;Books;Clothing;Electronics;Furniture;Garden;Sports;Beauty;Grocery;Tools;Other",
    words="category;type;group",
)
_PRIORITY = Field(
    "Priority;Severity;Risk;Importance;Risk Level",
    "text",
    texts=_LEVELS,
    words="priority;severity",
    equal="of {v} priority;with {v} priority",
)
_CODE = Field(
    "ID;Code;Ref;Item Code;SKU;Reference No;Account",
    "code",
    texts="AA000;A-0000;AAA-000;000-AAA;AA-00-A;00000",
    words="id;code;reference",
)
_COMMENT = Field(
    "Comment;Remarks;Notes;Description;Comments",
    "text",
    texts="check later;late delivery;paid in cash;call back;no answer;to be confirmed;TBD;refund requested;"
    "out of stock;vip customer;needs review;first order",
    words="comment;note;remark;description",
    equal="saying {v};that say {v}",
)
_YES_NO = Field("Paid;Active;Confirmed;In Stock;Passed;Approved;Verified", "boolean", texts="Yes;No")
_TRUE_FALSE = Field("Is Active;Flag;Valid;Enabled;Subscribed", "boolean", texts="TRUE;FALSE")
_Y_N = Field("Consent;Member;Returned;Available (Y/N);Signed", "boolean", texts="Y;N")
_SCORE = Field(
    "Score;Marks;Test Score;Points;Result;Exam Score;Total Marks;Final Grade",
    "integer",
    0,
    100,
    words="score;marks;points;result",
    more="who scored more than {v};scoring above {v};with over {v} marks;who got more than {v}",
    less="who scored less than {v};scoring below {v};with under {v} marks;who got less than {v}",
    most="best;top;top scoring;best performing",
    least="worst;weakest;lowest scoring;worst performing",
    equal="who scored {v};who got {v}",
)
_PERCENT = Field(
    "Growth;Discount;Margin;% Change;Completion;Attendance %;Success Rate;Tax Rate;Share",
    "percent",
    0,
    100,
    words="rate;percentage",
)
_RATING = Field(
    "Rating;Stars;Review Score;Avg Rating",
    "decimal",
    1,
    5,
    words="rating;stars",
    more="rated above {v};rated higher than {v};with more than {v} stars",
    less="rated below {v};rated lower than {v};with fewer than {v} stars",
    most="best rated;highest rated;top rated",
    least="worst rated;lowest rated",
    equal="rated {v};with {v} stars",
)
_REVENUE = Field(
    "Revenue;Sales;Turnover;Total Sales;Net Sales;Income;Revenue 2021;Sales Amount",
    "money",
    500,
    5000000,
    words="revenue;sales;turnover",
    more="selling more than {v};that sold over {v};with sales above {v}",
    less="selling less than {v};that sold under {v};with sales below {v}",
    most="best selling;highest grossing",
    least="worst selling;lowest grossing",
)
_PROFIT = Field(
    "Profit;Net Profit;Balance;Variance;Gain/Loss;P&L",
    "money",
    -50000,
    90000,
    words="profit;gain;balance",
    most="most profitable",
    least="least profitable",
)
_WEIGHT = Field(
    "Weight;Weight (kg);Mass;Net Weight",
    "decimal",
    1,
    180,
    words="weight",
    more="heavier than {v};weighing more than {v};that weigh over {v}",
    less="lighter than {v};weighing less than {v};that weigh under {v}",
    most="heaviest",
    least="lightest",
    equal="weighing {v}",
)
_HEIGHT = Field(
    "Height;Height (cm);Height in cm",
    "integer",
    120,
    210,
    words="height;size",
    more="taller than {v};over {v} cm tall",
    less="shorter than {v};under {v} cm tall",
    most="tallest",
    least="shortest",
)
_YEAR = Field(
    "Year;Year Built;Model Year;Released;Founded;Release Year",
    "year",
    1950,
    2024,
    words="year",
    more="newer than {v};built after {v};released after {v};after {v};from after {v}",
    less="older than {v};built before {v};released before {v};before {v}",
    most="newest;latest",
    least="oldest;earliest",
    equal="from {v};of {v};built in {v};released in {v}",
)
_DURATION = Field(
    "Days;Duration;Hours;Time (min);Days Overdue;Days to Expire;Lead Time",
    "integer",
    0,
    400,
    words="duration;days;time",
    more="longer than {v};taking more than {v};lasting more than {v}",
    less="shorter than {v};taking less than {v};lasting less than {v}",
    most="longest",
    least="shortest",
)
_EMAIL = Field(
    "Email;E-mail;Mail Address",
    "text",
    texts="info@acme.com;sales@globex.org;anna@mail.com;support@initech.io;hr@umbrella.net;tom.b@post.de;lee@mail.com",
    words="email;mail",
)
_PRODUCT = Field(
    "Product;Item;Product Name;Article;Part", "text", texts=_PRODUCTS, words="product;item", equal="of {v};for {v}"
)
_TEMPERATURE = Field(
    "Temperature;Temp;Temp (C);Max Temp;Min Temp",
    "decimal",
    -25,
    45,
    words="temperature",
    more="warmer than {v};hotter than {v}",
    less="colder than {v};cooler than {v}",
    most="hottest;warmest",
    least="coldest",
)
_POPULATION = Field(
    "Population;Inhabitants;Pop. 2020;Total Population",
    "integer",
    900,
    9000000,
    words="population;inhabitants;people",
    more="with more than {v} people;with over {v} inhabitants",
    less="with fewer than {v} people;with under {v} inhabitants",
    most="most populated;largest;biggest",
    least="least populated;smallest",
)

DOMAINS = (
    Domain(
        "students;pupils;children;kids;learners",
        (
            _PERSON,
            _AGE,
            _SCORE,
            _GENDER,
            Field("Grade;Final Grade;Letter Grade", "text", texts=_GRADES, words="grade"),
            Field(
                "Math;Maths;Mathematics;Physics;English;History;Biology;Science;Chemistry",
                "integer",
                0,
                100,
                more="who scored more than {v} in {c};who got over {v} in {c}",
                less="who scored less than {v} in {c};who got under {v} in {c}",
            ),
            Field(
                "Class;Section;House",
                "text",
                texts="5A;5B;6A;6B;7C;Red;Blue;Gryffindor;Hufflepuff",
                words="class",
                equal="in class {v};of class {v}",
            ),
            Field(
                "Absences;Days Absent;Missed Days",
                "integer",
                0,
                40,
                words="absences;missed days",
                more="who missed more than {v} days;absent more than {v} days",
                less="who missed less than {v} days",
            ),
            Field(
                "School;University;College",
                "text",
                texts="Hogwarts;Oxford;MIT;St. Mary's;Lincoln High;Westside",
                words="school",
                equal="at {v};from {v}",
            ),
            _PERCENT,
            _YES_NO,
        ),
        "Class X;Grades;Students;Results",
    ),
    Domain(
        "employees;workers;staff members;people;colleagues",
        (
            _PERSON,
            _AGE,
            _SALARY,
            _DEPARTMENT,
            _CITY,
            _GENDER,
            _EMAIL,
            _RATING,
            _TRUE_FALSE,
            Field(
                "Position;Job Title;Role;Designation",
                "text",
                texts="Manager;Engineer;Analyst;Clerk;Director;Intern;Team Lead;Accountant;Sales Rep",
                words="job;role;position",
                equal="working as {v};who work as {v}",
            ),
            Field(
                "Hire Date;Joined;Date of Joining;Start Date",
                "date",
                1995,
                2024,
                words="hire date;joining date",
                more="hired after {v};who joined after {v};who started after {v}",
                less="hired before {v};who joined before {v};who started before {v}",
                most="newest;latest",
                least="longest serving",
            ),
            Field(
                "Years of Experience;Experience;Tenure (years)",
                "integer",
                0,
                40,
                words="experience",
                more="with more than {v} years of experience;with over {v} years experience",
                less="with less than {v} years of experience",
                most="most experienced",
                least="least experienced",
            ),
            Field("Overtime;Hours Worked;Weekly Hours;Vacation Days", "integer", 0, 80, words="hours"),
        ),
        "Staff;HR;Employees;MF1 - Employee Data",
    ),
    Domain(
        "orders;sales;purchases;transactions;entries",
        (
            _CODE,
            _PRODUCT,
            _PRICE,
            _QUANTITY,
            _DATE,
            _STATUS,
            _COUNTRY,
            _REVENUE,
            _YES_NO,
            Field(
                "Customer;Client;Buyer;Customer Name",
                "name",
                words="customer;client;buyer",
                equal="from {v};by {v};of {v};placed by {v}",
            ),
            Field(
                "Payment;Payment Method;Paid By",
                "text",
                texts="Cash;Credit Card;Card;PayPal;Bank Transfer;Cheque",
                words="payment",
                equal="paid by {v};paid with {v}",
            ),
            Field(
                "Shipping;Delivery;Carrier",
                "text",
                texts="DHL;UPS;FedEx;USPS;Courier;Pickup",
                words="carrier;shipping",
                equal="shipped by {v};delivered by {v};sent with {v}",
            ),
            Field(
                "Total;Order Total;Grand Total;Total Amount;Amount Due",
                "money",
                5,
                20000,
                words="total;amount",
                more="worth more than {v};totalling over {v}",
                less="worth less than {v};totalling under {v}",
                most="biggest;largest",
                least="smallest",
            ),
        ),
        "Orders;Sales;Outstanding invoices;Ledger",
    ),
    Domain(
        "products;items;articles;goods",
        (
            _PRODUCT,
            _PRICE,
            _QUANTITY,
            _CATEGORY,
            _RATING,
            _WEIGHT,
            _CODE,
            _Y_N,
            Field(
                "Supplier;Vendor;Manufacturer;Brand",
                "text",
                texts="Acme;Globex;Initech;Umbrella;Stark Industries;Wayne Corp;Sony;Samsung;Bosch",
                words="supplier;brand;vendor",
                equal="from {v};by {v};made by {v};supplied by {v}",
            ),
            Field(
                "Stock;In Stock;Units in Stock;Inventory;On Hand",
                "integer",
                0,
                5000,
                words="stock;inventory",
                more="with more than {v} in stock",
                less="with less than {v} in stock;with fewer than {v} left",
            ),
            Field("Colour;Color;Shade", "text", texts="Black;White;Silver;Blue;Beige;Navy;Pink", words="colour"),
            Field("Size;Sizes", "text", texts="S;M;L;XL;XS;Small;Large", words="size"),
            Field("Discount;Markdown", "percent", 0, 70, words="discount;reduction"),
            Field(
                "Expiry Date;Best Before;Expires",
                "date",
                2020,
                2027,
                words="expiry date",
                more="expiring after {v};that expire after {v}",
                less="expiring before {v};that expire before {v}",
            ),
        ),
        "Inventory;Products;Rate List for Distribution",
    ),
    Domain(
        "projects;tasks;jobs;tickets;issues",
        (
            _CODE,
            _STATUS,
            _PRIORITY,
            _DATE,
            _DURATION,
            _COMMENT,
            _DEPARTMENT,
            Field(
                "Owner;Assignee;Assigned To;Responsible;Project Manager",
                "name",
                words="owner;assignee",
                equal="assigned to {v};owned by {v};of {v}",
            ),
            Field("Progress;% Done;% Complete;Completion", "percent", 0, 100, words="progress;completion"),
            Field(
                "Budget;Planned Cost;Budget (USD)",
                "money",
                1000,
                900000,
                words="budget",
                most="most expensive",
                least="cheapest",
            ),
            Field("Actual Cost;Spent;Expenses", "money", 1000, 900000, words="spending;expenses"),
            Field("Risk Score;Story Points;Effort", "integer", 1, 21, words="effort"),
        ),
        "Task_Table;Timesheet;Project Plan",
    ),
    Domain(
        "patients;cases;subjects",
        (
            _PERSON,
            _AGE,
            _GENDER,
            _WEIGHT,
            _HEIGHT,
            _Y_N,
            Field(
                "Diagnosis;Condition;Disease",
                "text",
                texts="Diabetes;Asthma;Flu;Migraine;Hypertension;Anemia;COVID-19",
                words="diagnosis;disease",
                equal="with {v};suffering from {v};diagnosed with {v}",
            ),
            Field("Heart Rate;Pulse;BPM", "integer", 45, 160, words="heart rate;pulse"),
            Field("Glucose;Cholesterol;Hemoglobin;Blood Sugar", "decimal", 3, 300),
            Field("Sample Site;Specimen;Tissue", "text", texts="Blood;Tumor;SVZ;Saliva;Urine", words="sample"),
            Field(
                "Blood Type;Blood Group",
                "text",
                texts="A+;B+;AB-;O+;O-",
                words="blood type",
                equal="with blood type {v}",
            ),
            Field(
                "Admission;Admission Date;Last Visit;Visit Date",
                "date",
                2018,
                2024,
                words="admission date;visit",
                more="admitted after {v}",
                less="admitted before {v}",
            ),
        ),
        "Patients;Study",
    ),
    Domain(
        "cities;towns;places;regions;states",
        (
            _CITY,
            _COUNTRY,
            _POPULATION,
            _TEMPERATURE,
            Field(
                "Area;Area (km2);Land Area",
                "decimal",
                10,
                9000,
                words="area",
                most="largest;biggest",
                least="smallest",
            ),
            Field("GDP;GDP per Capita;GDP 2019", "money", 900, 99000, words="gdp", most="richest", least="poorest"),
            Field("Unemployment;Literacy Rate;Urban Share", "percent", 0, 100),
            Field(
                "Elevation;Altitude (m)",
                "integer",
                0,
                4000,
                words="altitude",
                more="higher than {v} metres",
                less="lower than {v} metres",
                most="highest",
                least="lowest",
            ),
            Field(
                "Rainfall;Rain (mm);Precipitation",
                "integer",
                0,
                1500,
                words="rain;rainfall",
                most="rainiest;wettest",
                least="driest",
            ),
        ),
        "Census;Climate;SC-EST2019",
    ),
    Domain(
        "movies;films",
        (
            Field(
                "Title;Movie;Film;Movie Title",
                "text",
                texts="Inception;The Matrix;Titanic;Alien;Star Wars;Psycho;Jaws;Up;Frozen;Casablanca;The Godfather",
                words="title",
            ),
            Field("Director;Directed By", "name", words="director", equal="by {v};directed by {v}"),
            Field(
                "Genre;Type",
                "text",
                texts="Drama;Comedy;Action;Horror;Sci-Fi;Thriller;Romance;Animation",
                words="genre;type",
            ),
            _YEAR,
            _RATING,
            _COUNTRY,
            Field(
                "Box Office;Gross;Gross Income",
                "money",
                100000,
                900000000,
                words="box office;gross",
                most="highest grossing",
                least="lowest grossing",
            ),
            Field(
                "Length;Runtime;Length (min)",
                "integer",
                70,
                220,
                words="length;runtime",
                more="longer than {v} minutes",
                less="shorter than {v} minutes",
                most="longest",
                least="shortest",
            ),
        ),
        "Movies",
    ),
    Domain(
        "cars;vehicles",
        (
            Field(
                "Make;Brand;Manufacturer",
                "text",
                texts="Toyota;BMW;Ford;Tesla;Audi;Honda;Volvo;Fiat;Kia",
                words="make;brand",
                equal="made by {v};from {v};by {v}",
            ),
            Field(
                "Model;Car Model", "text", texts="Corolla;Focus;Civic;Model 3;A4;X5;500;Golf;Sportage", words="model"
            ),
            _YEAR,
            _PRICE,
            _YES_NO,
            Field(
                "Mileage;Miles;Kilometers;Odometer",
                "integer",
                0,
                240000,
                words="mileage;miles",
                more="driven more than {v} miles;with over {v} miles",
                less="driven less than {v} miles;with under {v} miles",
                most="most driven",
                least="least driven",
            ),
            Field("Fuel;Fuel Type;Engine", "text", texts="Petrol;Diesel;Electric;Hybrid;LPG", words="fuel"),
            Field(
                "Horsepower;HP;Power (kW)",
                "integer",
                50,
                600,
                words="power",
                more="with more than {v} hp",
                less="with less than {v} hp",
                most="most powerful;strongest",
                least="weakest",
            ),
            Field("License Plate;Plate;VIN", "code", texts="AA-000;AAA-0000;A00AAA", words="plate"),
        ),
        "Cars;Fleet",
    ),
    Domain(
        "accounts;invoices;payments;bills",
        (
            _CODE,
            _DATE,
            _STATUS,
            _PROFIT,
            _COMMENT,
            Field(
                "Client;Company;Payee;Vendor Name",
                "text",
                texts="Acme Ltd;Globex Corp;Initech;Hooli;Vandelay;Wonka Inc;Cyberdyne",
                words="client;company",
                equal="from {v};to {v};for {v}",
            ),
            Field("Debit;Credit;Amount;Net Amount;VAT", "money", 0, 90000, words="amount"),
            Field("Balance;Closing Balance;Opening Balance", "money", -9000, 90000, words="balance"),
            Field(
                "Currency;Curr.", "text", texts="USD;EUR;GBP;INR;CHF;JPY", words="currency", equal="in {v};paid in {v}"
            ),
            Field("Interest;Interest Rate;APR", "percent", 0, 20, words="interest"),
            _DURATION,
        ),
        "General Ledger;Cash;Statement of Financial Position",
    ),
    Domain(
        "teams;clubs;sides",
        (
            Field(
                "Team;Club;Team Name",
                "text",
                texts="Lions;Tigers;Eagles;Arsenal;Real Madrid;Bayern;Rangers;Sharks",
                words="team",
            ),
            Field(
                "Wins;Won;Games Won",
                "integer",
                0,
                38,
                words="wins",
                more="that won more than {v} games;with over {v} wins",
                less="that won less than {v} games;with under {v} wins",
                most="best",
                least="worst",
            ),
            Field("Losses;Lost;Draws", "integer", 0, 38, words="losses"),
            Field(
                "Goals;Goals For;Goals Against;Goal Diff",
                "integer",
                -30,
                100,
                words="goals",
                more="that scored more than {v} goals",
                less="that scored less than {v} goals",
            ),
            Field("Points;Pts", "integer", 0, 114, words="points", most="top;best", least="bottom;worst"),
            Field("Coach;Manager;Captain", "name", words="coach", equal="coached by {v};of {v}"),
            _CITY,
            _PERCENT,
        ),
        "League;Table 1",
    ),
    Domain(
        "players;athletes;runners",
        (
            _PERSON,
            _AGE,
            _COUNTRY,
            _HEIGHT,
            _WEIGHT,
            Field(
                "Team;Club",
                "text",
                texts="Lions;Tigers;Eagles;Arsenal;Real Madrid;Bayern;Rangers;Sharks",
                words="team",
                equal="playing for {v};of {v};from {v}",
            ),
            Field(
                "Position;Pos",
                "text",
                texts="GK;Defender;Midfielder;Forward;Striker;Goalkeeper",
                words="position",
                equal="playing as {v}",
            ),
            Field(
                "Goals;Assists;Matches;Games Played",
                "integer",
                0,
                60,
                more="with more than {v} {c}",
                less="with less than {v} {c}",
            ),
            Field(
                "Time (s);Finish Time;Lap Time",
                "decimal",
                9,
                130,
                words="time",
                more="slower than {v} seconds",
                less="faster than {v} seconds",
                most="slowest",
                least="fastest",
            ),
        ),
        "Results;data",
    ),
    Domain(
        "books;titles;novels",
        (
            Field(
                "Title;Book;Book Title",
                "text",
                texts="Dune;Emma;1984;It;Dracula;The Hobbit;Ulysses;Moby Dick;The Trial",
                words="title",
            ),
            Field("Author;Writer", "name", words="author;writer", equal="by {v};written by {v}"),
            Field(
                "Genre;Subject",
                "text",
                texts="Fiction;Poetry;Crime;Fantasy;Literary Nonfiction;Biography;Travel",
                words="genre",
            ),
            Field(
                "Pages;No. of Pages;Page Count",
                "integer",
                40,
                1400,
                words="pages;number of pages",
                more="with more than {v} pages;longer than {v} pages",
                less="with fewer than {v} pages;shorter than {v} pages",
                most="longest;thickest",
                least="shortest;thinnest",
            ),
            Field("ISBN;Shelf", "code", texts="000-0-00-0;A00.0"),
            Field(
                "Publisher;Imprint",
                "text",
                texts="Penguin;Harper;Springer;Oxford Press;Vintage",
                words="publisher",
                equal="published by {v}",
            ),
            _YEAR,
            _PRICE,
            _RATING,
            _Y_N,
        ),
        "Library",
    ),
    Domain(
        "sensors;readings;measurements;samples",
        (
            _CODE,
            _TEMPERATURE,
            _DATE,
            Field("Pressure;Voltage;Current (mA);Flow Rate", "decimal", 0, 1000),
            Field("Humidity;Battery Level;Load", "percent", 0, 100),
            Field("Reading;Measurement;Signal;Output", "decimal", -5, 5, words="reading;value"),
            Field(
                "Status Flag;Alarm;State",
                "text",
                texts="OK;ERROR;WARN;OFF;Alert;Query",
                words="state",
                equal="in state {v}",
            ),
            Field("Station;Device;Probe", "code", texts="A0;AA-0;A-00;AAA0", words="station;device"),
        ),
        "Log;stacj._ENG",
    ),
    Domain(
        "countries;nations",
        (
            _COUNTRY,
            _POPULATION,
            Field(
                "Continent;Region",
                "text",
                texts="Europe;Asia;Africa;North America;South America;Oceania",
                words="continent;region",
                equal="in {v};from {v}",
            ),
            Field("GDP (bn);GDP Growth;Exports", "decimal", -5, 900, words="gdp"),
            Field("Life Expectancy;Median Age", "decimal", 35, 85, words="life expectancy"),
            Field("Cases;New Cases;Deaths;Vaccinated", "integer", 0, 900000, words="cases"),
            Field("Capital;Capital City", "text", texts=_CITIES, words="capital"),
            Field(
                "Medals;Gold Medals",
                "integer",
                0,
                110,
                words="medals",
                more="that won more than {v} medals",
                less="that won less than {v} medals",
                most="most successful",
                least="least successful",
            ),
        ),
        "World;Vaccine data 4 Nov 2021",
    ),
    Domain(
        "customers;clients;members;contacts;users",
        (
            _PERSON,
            _AGE,
            _EMAIL,
            _CITY,
            _COUNTRY,
            _DATE,
            _TRUE_FALSE,
            Field(
                "Plan;Subscription;Membership",
                "text",
                texts="Free;Basic;Premium;Gold;Silver;Enterprise;Trial",
                words="plan",
                equal="with a {v} plan;on the {v} plan",
            ),
            Field("Phone;Mobile;Phone Number", "code", texts="000-0000;0000 000;+00 000 000", words="phone number"),
            Field(
                "Purchases;Orders;Visits;Logins",
                "integer",
                0,
                200,
                more="with more than {v} {c}",
                less="with less than {v} {c}",
            ),
            Field(
                "Spent;Lifetime Value;Total Spend",
                "money",
                0,
                30000,
                words="spending",
                more="who spent more than {v};spending over {v}",
                less="who spent less than {v};spending under {v}",
            ),
            Field(
                "Religious Group;Language;Nationality",
                "text",
                texts="Hindu;Jewish;Islamic;English;German;Indian;French",
            ),
        ),
        "Contacts;CRM",
    ),
    Domain(
        "houses;flats;properties;apartments;listings",
        (
            Field(
                "Address;Street;Street Name",
                "text",
                texts="Main St;Oak Avenue;Park Road;High Street;Elm St;King's Road;Mill Lane",
                words="address;street",
                equal="on {v};in {v}",
            ),
            Field(
                "Rooms;Bedrooms;Baths;Number of Rooms",
                "integer",
                1,
                9,
                words="rooms",
                more="with more than {v} rooms",
                less="with fewer than {v} rooms",
                equal="with {v} rooms",
            ),
            Field(
                "Square Feet;Area (sqft);Living Space;Size (m2)",
                "integer",
                20,
                5000,
                words="size;area;space",
                more="bigger than {v};larger than {v}",
                less="smaller than {v}",
                most="largest;biggest",
                least="smallest",
            ),
            Field(
                "Rent;Monthly Rent;Asking Price",
                "money",
                300,
                950000,
                words="rent;price",
                most="most expensive",
                least="cheapest",
                more="more expensive than {v}",
                less="cheaper than {v}",
            ),
            Field("Type;Property Type", "text", texts="House;Flat;Studio;Villa;Cottage;Condo", words="type"),
            Field("Agent;Landlord", "name", words="agent", equal="of {v};listed by {v}"),
            _CITY,
            _YEAR,
            _YES_NO,
        ),
        "Listings",
    ),
    Domain(
        "expenses;costs;entries",
        (
            _DATE,
            _CATEGORY,
            _COMMENT,
            _DEPARTMENT,
            Field(
                "Amount;Cost;Expense;Sum",
                "money",
                1,
                9000,
                words="amount;cost;sum",
                more="of more than {v};over {v}",
                less="of less than {v};under {v}",
                most="biggest;highest",
                least="smallest;lowest",
            ),
            Field(
                "Month;Period;Quarter",
                "text",
                texts="January;February;March;April;May;June;July;August;Q1;Q2;Q3;Q4",
                words="month;period",
                equal="in {v};of {v};for {v}",
            ),
            Field("Approved By;Paid By;Submitted By", "name", equal="by {v}"),
            Field(
                "Day;Weekday;Day of Week",
                "text",
                texts="Monday;Tuesday;Wednesday;Thursday;Friday;Saturday;Sunday",
                words="day;weekday",
                equal="on {v}",
            ),
        ),
        "Budget Summary;Expenses;DEC",
    ),
    Domain(
        "genes;proteins;peptides",
        (
            Field("Gene;Protein;Gene Symbol", "code", texts="AAA0;AA00;AAAA", words="gene;protein"),
            Field("p-value;FDR;q-value", "decimal", 0, 1, words="p value"),
            Field(
                "Fold Change;Log2FC;Expression",
                "decimal",
                -8,
                8,
                words="fold change;expression",
                most="most upregulated",
                least="most downregulated",
            ),
            Field("Peptide Score;gene_count;Read Count", "integer", 0, 9000, words="count"),
            Field(
                "Subtype;Phenotype;Histology",
                "text",
                texts="EBV;MSI;Diffuse;Intestinal;Normal Function;Poor Metabolizer",
                words="subtype",
            ),
        ),
        "Supplementary_Data_2;Fig. 1e",
    ),
)

HELD_OUT_DOMAINS = (
    Domain(
        "flights;departures;planes",
        (
            Field("Flight;Flight No;Flight Number", "code", texts="AA 000;AA0000", words="flight number"),
            Field(
                "Airline;Operated By",
                "text",
                texts="Lufthansa;Ryanair;Emirates;Qantas;KLM;Finnair",
                words="airline",
                equal="operated by {v};with {v}",
            ),
            Field(
                "Destination;Arrival Airport",
                "text",
                texts="Lisbon;Reykjavik;Bangkok;Havana;Helsinki;Marrakesh",
                words="destination;airport",
                equal="to {v};going to {v};heading to {v}",
            ),
            Field(
                "Delay;Delay (min);Minutes Late",
                "integer",
                0,
                320,
                words="delay",
                more="delayed by more than {v};more than {v} minutes late",
                less="delayed by less than {v}",
                most="most delayed",
                least="least delayed",
            ),
            Field(
                "Passengers;Seats Sold;Boarded",
                "integer",
                10,
                520,
                words="passengers;seats",
                more="carrying more than {v} passengers",
                less="carrying fewer than {v} passengers",
                most="fullest",
                least="emptiest",
            ),
            Field(
                "Departure;Scheduled;Take-off Date",
                "date",
                2019,
                2025,
                words="departure",
                more="leaving after {v};departing after {v}",
                less="leaving before {v};departing before {v}",
            ),
            Field(
                "Fare;Ticket Price;Airfare",
                "money",
                19,
                2400,
                words="fare",
                more="dearer than {v}",
                less="cheaper than {v}",
                most="dearest",
                least="cheapest",
            ),
            Field("Gate;Terminal", "text", texts="T1;T2;B12;C7;D31", words="gate", equal="at {v};leaving from {v}"),
            Field("Load Factor;Occupancy", "percent", 20, 100, words="occupancy"),
        ),
        "Departures",
    ),
    Domain(
        "recipes;dishes;meals",
        (
            Field(
                "Dish;Recipe;Meal Name",
                "text",
                texts="Lasagna;Goulash;Ramen;Paella;Tacos;Pierogi;Fish Soup",
                words="dish;recipe",
            ),
            Field(
                "Calories;kcal;Energy (kcal)",
                "integer",
                40,
                1900,
                words="calories;energy",
                more="with more than {v} calories",
                less="with fewer than {v} calories",
                most="most fattening",
                least="lightest",
            ),
            Field(
                "Prep Time;Cooking Time;Minutes to Cook",
                "integer",
                5,
                240,
                words="preparation time",
                more="that take more than {v} minutes",
                less="that take less than {v} minutes",
                most="slowest",
                least="quickest",
            ),
            Field("Cuisine;Style", "text", texts="Italian;Thai;Mexican;Hungarian;Vegan;Fusion", words="cuisine"),
            Field("Protein (g);Fat (g);Sugar (g);Carbs", "decimal", 0, 120),
            Field("Vegetarian;Gluten Free", "boolean", texts="Yes;No"),
            Field("Servings;Portions", "integer", 1, 16, words="portions", equal="for {v} people"),
        ),
        "Menu",
    ),
    Domain(
        "animals;pets;dogs",
        (
            Field(
                "Species;Animal;Breed",
                "text",
                texts="Poodle;Beagle;Siamese;Parrot;Hamster;Tortoise;Great Dane",
                words="species;breed",
            ),
            Field(
                "Nickname;Pet Name;Called",
                "text",
                texts="Rex;Bella;Fluffy;Snowball;Mr. Whiskers;Coco",
                words="pet name",
                equal="named {v};called {v}",
            ),
            Field(
                "Age in Months;Months Old",
                "integer",
                1,
                200,
                words="months",
                more="older than {v} months",
                less="younger than {v} months",
                most="oldest",
                least="youngest",
            ),
            Field(
                "Body Weight;Kilograms",
                "decimal",
                0,
                90,
                words="weight",
                more="heavier than {v}",
                less="lighter than {v}",
                most="heaviest",
                least="lightest",
            ),
            Field("Microchipped;Neutered", "boolean", texts="Y;N"),
            Field("Keeper;Vet;Adopted By", "name", words="keeper", equal="adopted by {v};looked after by {v}"),
            Field("Lifespan;Litter Size", "integer", 1, 60),
        ),
        "Shelter",
    ),
    Domain(
        "machines;servers;computers;hosts",
        (
            Field("Hostname;Machine;Node", "code", texts="aaa-00;aa000;node-00", words="host;machine"),
            Field("CPU Load;CPU %;Memory Usage", "percent", 0, 100, words="load;usage"),
            Field(
                "RAM (GB);Disk (GB);Free Space",
                "integer",
                1,
                4000,
                words="memory;disk space",
                more="with more than {v} GB",
                less="with less than {v} GB",
            ),
            Field(
                "Uptime;Uptime (days)",
                "integer",
                0,
                900,
                words="uptime",
                more="running for more than {v} days",
                less="running for less than {v} days",
            ),
            Field(
                "OS;Operating System",
                "text",
                texts="Linux;Windows 11;macOS;Debian;FreeBSD;Ubuntu 22.04",
                words="operating system",
                equal="running {v};with {v}",
            ),
            Field(
                "Last Backup;Patched;Last Reboot",
                "date",
                2021,
                2025,
                words="backup",
                more="backed up after {v}",
                less="backed up before {v}",
            ),
            Field(
                "Health;Node Health",
                "text",
                texts="running;down;degraded;unreachable;maintenance",
                words="health",
                equal="that are {v}",
            ),
        ),
        "Inventory of hosts",
    ),
    Domain(
        "events;concerts;shows",
        (
            Field(
                "Event;Show;Concert",
                "text",
                texts="Jazz Night;Opera Gala;Folk Fest;Rock am Ring;Poetry Slam",
                words="event",
            ),
            Field(
                "Venue;Hall;Theatre",
                "text",
                texts="Arena;Town Hall;Main Stage;Old Theatre;Open Air",
                words="venue;hall",
                equal="at {v};held at {v}",
            ),
            Field(
                "Visitors;Tickets Sold;Turnout",
                "integer",
                20,
                60000,
                words="visitors;audience",
                more="visited by more than {v} people",
                less="visited by fewer than {v} people",
                most="most visited",
                least="least visited",
            ),
            Field(
                "Ticket;Entry Fee;Admission Fee",
                "money",
                5,
                250,
                words="entry fee;admission",
                more="that cost more than {v}",
                less="that cost less than {v}",
                most="most expensive",
                least="cheapest",
            ),
            Field(
                "Takes Place;Event Date;Held On",
                "date",
                2018,
                2026,
                words="event date",
                more="taking place after {v}",
                less="taking place before {v}",
                most="latest",
                least="earliest",
            ),
            Field("Artist;Headliner;Conductor", "name", words="artist", equal="with {v};played by {v}"),
            Field("Sold Out;Cancelled", "boolean", texts="TRUE;FALSE"),
        ),
        "Programme",
    ),
    Domain(
        "trees;plants;crops",
        (
            Field(
                "Plant;Crop;Botanical Name",
                "text",
                texts="Oak;Birch;Maize;Barley;Quercus robur;Wheat;Lavender",
                words="plant;crop",
            ),
            Field(
                "Trunk Height;Height in m",
                "decimal",
                0,
                60,
                words="height",
                more="taller than {v} metres",
                less="shorter than {v} metres",
                most="tallest",
                least="shortest",
            ),
            Field(
                "Yield;Yield (t/ha);Harvest",
                "decimal",
                0,
                25,
                words="yield;harvest",
                more="yielding more than {v}",
                less="yielding less than {v}",
            ),
            Field(
                "Planted;Sown On",
                "date",
                2005,
                2024,
                words="planting date",
                more="planted after {v}",
                less="planted before {v}",
            ),
            Field(
                "Soil;Habitat", "text", texts="Clay;Sand;Loam;Peat;Chalk", words="soil", equal="growing on {v};on {v}"
            ),
            Field("Moisture;Shade %;Germination", "percent", 0, 100, words="moisture"),
            Field("Plot;Bed", "code", texts="A0;A00;0A", words="plot", equal="in plot {v}"),
        ),
        "Garden",
    ),
    Domain(
        "donations;donors;gifts",
        (
            Field("Donor;Benefactor", "name", words="donor", equal="from {v};given by {v};by {v}"),
            Field(
                "Donation;Gift Amount;Pledge",
                "money",
                5,
                50000,
                words="donation;gift",
                more="of more than {v};bigger than {v}",
                less="of less than {v};smaller than {v}",
                most="most generous;biggest",
                least="smallest",
            ),
            Field(
                "Charity;Cause;Campaign",
                "text",
                texts="Red Cross;Oceans;Rainforest;School Roof;Animal Shelter",
                words="charity;cause",
                equal="for {v};given to {v}",
            ),
            Field(
                "Received;Given On",
                "date",
                2015,
                2025,
                words="donation date",
                more="received after {v};given after {v}",
                less="received before {v};given before {v}",
            ),
            Field("Anonymous;Thanked", "boolean", texts="Yes;No"),
            Field("Number of Gifts;Repeat Gifts", "integer", 0, 40, words="gifts"),
        ),
        "Fundraising",
    ),
)


__all__ = ["DOMAINS", "HELD_OUT_DOMAINS", "KINDS", "NUMERIC_KINDS", "TEXT_KINDS", "Domain", "Field"]
