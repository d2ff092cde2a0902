using System.Globalization;

namespace AnalogTorch.Examples;

/// <summary>How numbers are summed up and written.</summary>
internal static class Numbers
{
    /// <summary>A fraction in percent, with two decimals.</summary>
    public static string Percent(double fraction) => string.Create(CultureInfo.InvariantCulture, $"{100 * fraction:F2} %");

    /// <summary>A number in a format.</summary>
    public static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);

    /// <summary>A value in SI with the prefix that suits it, to four digits.</summary>
    public static string Unit(double value, string unit) =>
        Core.Units.Format(double.Parse(value.ToString("G4", CultureInfo.InvariantCulture), CultureInfo.InvariantCulture), unit);

    /// <summary>Standard deviation of a sample; 0 for one value.</summary>
    public static double Deviation(IReadOnlyList<double> values)
    {
        var mean = values.Average();
        return values.Count < 2 ? 0 : Math.Sqrt(values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1));
    }
}
