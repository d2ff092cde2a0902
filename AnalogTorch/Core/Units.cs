using System.Globalization;

namespace AnalogTorch.Core;

/// <summary>Prefixed units as factors to SI, so that <c>25 * Units.uS</c> is 25 µS in siemens.</summary>
public static class Units
{
#pragma warning disable CS1591, IDE1006 // The names are the documentation: prefix and unit, as they are written.
    public const double nS = 1e-9, uS = 1e-6, mS = 1e-3;
    public const double ns = 1e-9, us = 1e-6, ms = 1e-3, Minute = 60, Hour = 3600, Day = 86_400, Year = 365 * Day;
    public const double mV = 1e-3, fF = 1e-15, uA = 1e-6;
#pragma warning restore CS1591, IDE1006

    /// <summary>The unit of a number that is measured in whatever the device of the same cell is: siemens, volt or normalised weight.</summary>
    public const string OfDevice = "of the device";

    private static readonly (double Factor, string Prefix)[] Prefixes =
        [(1e-15, "f"), (1e-12, "p"), (1e-9, "n"), (1e-6, "µ"), (1e-3, "m"), (1, ""), (1e3, "k"), (1e6, "M")];

    /// <summary>A value in SI written with the prefix that suits it: 2.5e-5 S is "25 µS".</summary>
    /// <param name="value">The value in SI.</param>
    /// <param name="unit">The unit; "1", "w" (normalised weight) and <see cref="OfDevice"/> take no prefix.</param>
    public static string Format(double value, string unit)
    {
        if (unit is "1" or "w" or OfDevice)
            return value.ToString("G6", CultureInfo.InvariantCulture);
        var magnitude = Math.Abs(value);
        var (factor, prefix) = magnitude == 0 ? (1, "") : Prefixes.LastOrDefault(p => magnitude >= p.Factor * 0.9999995, Prefixes[0]);
        return string.Create(CultureInfo.InvariantCulture, $"{value / factor:G6} {prefix}{unit}");
    }
}

/// <summary>The SI unit of a numeric config property; "1" for a pure number, "w" for normalised weight, <see cref="Units.OfDevice"/> for the device's own.</summary>
/// <param name="symbol">The unit's symbol.</param>
[AttributeUsage(AttributeTargets.Property)]
public sealed class UnitAttribute(string symbol) : Attribute
{
    /// <summary>The unit's symbol.</summary>
    public string Symbol { get; } = symbol;
}
