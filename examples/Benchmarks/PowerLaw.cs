namespace AnalogTorch.Examples.Benchmarks;

/// <summary>y = Factor·x^Exponent, the straight line of least squares through the logarithms.</summary>
internal readonly record struct PowerLaw(double Factor, double Exponent)
{
    /// <summary>Fits positive values; the exponent is not a number where fewer than two abscissas differ.</summary>
    public static PowerLaw Fit(IReadOnlyList<double> x, IReadOnlyList<double> y)
    {
        var points = x.Zip(y, (a, b) => (X: Math.Log(a), Y: Math.Log(b))).ToArray();
        var (meanX, meanY) = (points.Select(point => point.X).DefaultIfEmpty().Average(), points.Select(point => point.Y).DefaultIfEmpty().Average());
        var spread = points.Sum(point => (point.X - meanX) * (point.X - meanX));
        var exponent = spread > 0 ? points.Sum(point => (point.X - meanX) * (point.Y - meanY)) / spread : double.NaN;
        return new(Math.Exp(meanY - exponent * meanX), exponent);
    }
}
