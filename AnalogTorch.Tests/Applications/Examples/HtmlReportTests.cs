using System.Text.RegularExpressions;
using System.Xml.Linq;
using AnalogTorch.Examples;
using ScottPlot;

namespace AnalogTorch.Tests.Examples;

public class HtmlReportTests
{
    public static TheoryData<string> PlotNames => ["lines", "bars", "histogram", "against", "pulses"];

    [Fact]
    public void RefersToNothingOutsideItself()
    {
        var html = Full();
        Assert.DoesNotContain("http", html);
        Assert.DoesNotContain("src=", html);
        Assert.DoesNotContain("href=", html);
        Assert.DoesNotContain("@import", html);
        Assert.DoesNotContain("<script", html);
        Assert.All(Regex.Matches(html, @"url\(([^)]*)\)"), match => Assert.StartsWith("#", match.Groups[1].Value));
    }

    [Fact]
    public void InternalNamesAreUniqueAndAllThere()
    {
        var html = Full();
        var names = Regex.Matches(html, "id=\"([^\"]*)\"").Select(match => match.Groups[1].Value).ToArray();
        Assert.NotEmpty(names);
        Assert.Equal(names.Length, names.Distinct().Count());
        Assert.All(Regex.Matches(html, @"url\(#([^)]*)\)"), match => Assert.Contains(match.Groups[1].Value, names));
    }

    [Fact]
    public void TextIsEscaped()
    {
        var html = new HtmlReport("a<b").Heading("<h>").Text("x & <y>").Code("\"<z>\"").Table(["<c>"], [["<d>"]]).ToHtml([("<n>", "<v>")]);
        foreach (var raw in new[] { "a<b", "<h>", "<y>", "<z>", "<c>", "<d>", "<n>", "<v>" })
        {
            Assert.DoesNotContain(raw, html);
            Assert.Contains(raw.Replace("<", "&lt;").Replace(">", "&gt;"), html);
        }
    }

    [Fact]
    public void TableRowOfOtherLengthIsRefused() =>
        Assert.Throws<ArgumentException>(() => new HtmlReport("x").Table(["a", "b"], [["1"]]));

    [Theory]
    [MemberData(nameof(PlotNames))]
    public void PlotIsWellFormedAndLabelled(string name)
    {
        var html = new HtmlReport("x").Plot(Make(name), "caption").ToHtml([]);
        var svg = XDocument.Parse(Regex.Match(html, "<svg.*</svg>", RegexOptions.Singleline).Value).Root!;
        var texts = svg.Descendants("text").Select(text => text.Value).ToArray();
        Assert.Contains(texts, text => text.EndsWith(']'));
        Assert.True(texts.Length >= 6);
        Assert.NotEmpty(svg.Descendants("path"));
        // Every label lies inside the picture.
        Assert.All(svg.Descendants("text"), text =>
        {
            Assert.InRange((double)text.Attribute("x")!, 0, 760);
            Assert.InRange((double)text.Attribute("y")!, 0, 400);
        });
    }

    [Fact]
    public void LegendNamesEveryCurve()
    {
        var html = new HtmlReport("x").Plot(Make("lines"), "caption").ToHtml([]);
        Assert.Contains("<div class=\"legend\">", html);
        Assert.Contains("digital", html);
        Assert.Contains("full cell", html);
        Assert.DoesNotContain("<div class=\"legend\">", new HtmlReport("x").Plot(Make("bars"), "caption").ToHtml([]));
    }

    [Fact]
    public void BarsShowTheirValues()
    {
        var html = new HtmlReport("x").Plot(Make("bars"), "caption").ToHtml([]);
        Assert.Contains(">0.820<", html);
        Assert.Contains(">0.980<", html);
        Assert.Contains(">pair<", html);
    }

    [Fact]
    public void PartOfTheAxisCanBeShown()
    {
        var html = new HtmlReport("x").Plot(Make("bars").Between(0.7, 1), "caption").ToHtml([]);
        Assert.Contains(">0.70<", html);
        Assert.Contains(">1.00<", html);
        Assert.DoesNotContain(">0.60<", html);
        Assert.Contains(">0.820<", html);
    }

    [Fact]
    public void HugeScatterIsThinned()
    {
        double[] x = [.. Enumerable.Range(0, 200_000).Select(i => (double)i)];
        var html = new HtmlReport("x").Plot(Plots.Against("x [1]", "y [1]", x, x), "caption").ToHtml([]);
        Assert.True(html.Length < 1_000_000);
    }

    [Theory]
    [InlineData(0.1, 0.97, "0.2", "0.8")]
    [InlineData(0, 25e-6, "5e-6", "2.5e-5")]
    [InlineData(-3, 3, "-2", "2")]
    [InlineData(0, 60_000, "10000", "60000")]
    public void TicksAreRoundNumbers(double low, double high, params string[] some)
    {
        var (positions, labels) = NiceTicks.Over(low, high, atMost: 8);
        Assert.InRange(positions.Length, 3, 9);
        Assert.All(positions, position => Assert.InRange(position, low - 1e-9, high + 1e-9));
        Assert.All(some, label => Assert.Contains(label, labels));
    }

    [Fact]
    public void EpochsHaveNoTicksBetweenThem() => Assert.Equal(["1", "2", "3"], NiceTicks.Over(0.9, 3.1, atMost: 10, leastStep: 1).Labels);

    [Fact]
    public void CurveWithUnequalAxesIsRefused() =>
        Assert.Contains("2 and 3", Assert.Throws<ArgumentException>(() => Plots.Lines("x", "y", new Curve("c", [1, 2], [1, 2, 3]))).Message);

    [Fact]
    public void PlotsOfNothingAndOfConstantsAreDrawn()
    {
        var report = new HtmlReport("x")
            .Plot(Plots.Histogram("x [1]", 10, new Sample("none", [])), "")
            .Plot(Plots.Histogram("x [1]", 10, new Sample("constant", [3, 3, 3]), new Sample("odd", [double.NaN, 3])), "")
            .Plot(Plots.Against("x [1]", "y [1]", [], []), "")
            .Plot(Plots.Lines("x [1]", "y [1]", new Curve("point", [1], [0.5])), "");
        Assert.Equal(4, Regex.Count(report.ToHtml([]), "<figure>"));
    }

    private static string Full()
    {
        var report = new HtmlReport("Report").Heading("A").Text("text").Facts([("name", "value")]).Code("{ }");
        foreach (var name in PlotNames)
        {
            report.Plot(Make(name), name);
        }
        return report.ToHtml([("Seed", "42")]);
    }

    private static Plot Make(string name)
    {
        double[] x = [.. Enumerable.Range(1, 20).Select(i => (double)i)];
        double[] y = [.. x.Select(value => 1 - 1 / value)];
        return name switch
        {
            "lines" => Plots.Lines("epoch [1]", "accuracy [1]", new Curve("digital", x, y, [.. x.Select(_ => 0.01)]), new Curve("full cell", x, x)),
            "bars" => Plots.Bars("accuracy [1]", "F3", new Column("pair", 0.82, 0.01), new Column("digital", 0.98)),
            "histogram" => Plots.Histogram("conductance [µS]", 8, new Sample("G+", x), new Sample("G-", y)),
            "against" => Plots.Against("before [1]", "after [1]", x, y),
            _ => Plots.PulseResponse("conductance [µS]", new Curve("up", x, y), new Curve("down", x, x)),
        };
    }
}
