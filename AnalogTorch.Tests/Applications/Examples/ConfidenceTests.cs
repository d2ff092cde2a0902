using AnalogTorch.Examples;

namespace AnalogTorch.Tests.Examples;

/// <summary>What reports say of how sure their figures are.</summary>
public class ConfidenceTests
{
    /// <summary>The intervals of R. G. Newcombe, Statistics in Medicine 17:857 (1998), table I, to the digits given there.</summary>
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void WilsonsIntervalIsThePublishedOne(int right, int count, double low, double high)
    {
        var interval = Confidence.Wilson((double)right / count, count);
        Assert.Equal(low, interval.Low, 4);
        Assert.Equal(high, interval.High, 4);
    }

    /// <summary>The usual table of Student's distribution, to a five-hundredth: what the expansion is off by at three degrees of freedom.</summary>
    [Theory]
    [InlineData(1, 12.706)]
    [InlineData(2, 4.303)]
    [InlineData(3, 3.182)]
    [InlineData(4, 2.776)]
    [InlineData(5, 2.571)]
    [InlineData(10, 2.228)]
    [InlineData(30, 2.042)]
    public void StudentsPlacesAreThoseOfTheTable(int degrees, double place) => Assert.InRange(Confidence.Student(degrees), place * 0.998, place * 1.002);

    [Fact]
    public void OneRunHasTheIntervalOfItsTestSetAndSeveralHaveADeviation()
    {
        Assert.Equal("98.00 % [97.7, 98.3]", Confidence.Percent([0.98], 10_000));
        Assert.Equal("98.10 ± 0.10 %", Confidence.Percent([0.98, 0.981, 0.982], 10_000));
    }

    [Fact]
    public void WhatIsWithinTheNoiseIsNotCalledADifference()
    {
        Assert.Equal("not told apart", Difference.Of([0.975], [0.978], 10_000).ToString());
        Assert.Equal("−0.80 pp", Difference.Of([0.970], [0.978], 10_000).ToString());
        // Three seeds, each 0.2 points behind, give or take 0.01; and three that do not agree.
        Assert.Equal("−0.20 pp", Difference.Of([0.9780, 0.9691, 0.9750], [0.9800, 0.9712, 0.9769], 10_000).ToString());
        Assert.Equal("not told apart", Difference.Of([0.978, 0.975, 0.970], [0.980, 0.971, 0.974], 10_000).ToString());
    }

    [Theory]
    [InlineData(2.5e-7, "250 ns")]
    [InlineData(59, "59 s")]
    [InlineData(60, "1 min")]
    [InlineData(5400, "1.5 h")]
    [InlineData(86_400, "1 day")]
    [InlineData(2_592_000, "30 days")]
    [InlineData(31_536_000, "1 year")]
    [InlineData(315_360_000, "10 years")]
    public void TimesAreInTheUnitsOfPeople(double seconds, string text) => Assert.Equal(text, TimeAxis.Text(seconds));

    [Fact]
    public void AxesOfTimeAreMarkedInUnitsOfPeople()
    {
        double[] times = [1, 60, 3600, 86_400, 31_536_000];
        var html = new HtmlReport("x").Plot(Plots.Lines(TimeAxis.Label, "test accuracy [%]", new Curve("global", [.. times.Select(Math.Log10)], [98, 98, 97, 96, 95])).OnTimes(), "").ToHtml([]);
        Assert.All(new[] { ">1 s<", ">1 min<", ">1 h<", ">1 day<", ">30 days<", ">1 year<" }, mark => Assert.Contains(mark, html, StringComparison.Ordinal));
        Assert.DoesNotContain(">10 years<", html, StringComparison.Ordinal);
    }

    [Fact]
    public void AMethodHasOneColour()
    {
        Assert.All(Enumerable.Range(0, 6), place => Assert.Equal(MethodColors.Of("digital", 0), MethodColors.Of("digital", place)));
        Assert.Equal(MethodColors.Of("msp-lsp", 0), MethodColors.Of("msp-lsp 43", 3));
        Assert.NotEqual(MethodColors.Of("msp-lsp", 0), MethodColors.Of("msp-lsp-no-inversion", 0));
        Assert.Equal(MethodColors.Of("hwa", 0), MethodColors.Of("mlp-hwa", 5));
        Assert.Equal(4, new[] { "digital", "pcm-pair", "msp-lsp-no-inversion", "msp-lsp" }.Select(name => MethodColors.Of(name, 0)).Distinct().Count());
        Assert.Equal(7, Enumerable.Range(0, 7).Select(place => MethodColors.Of("layer", place)).Distinct().Count());
    }
}
