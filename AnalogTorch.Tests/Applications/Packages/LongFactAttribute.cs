namespace AnalogTorch.Tests.Packages;

/// <summary>A test that takes long and is run on demand, in a class with the trait Category=Long.</summary>
[AttributeUsage(AttributeTargets.Method)]
internal sealed class LongFactAttribute : FactAttribute
{
    public LongFactAttribute()
    {
        if (Environment.GetEnvironmentVariable("ANALOGTORCH_LONG_TESTS") != "1")
            Skip = "Runs by: ANALOGTORCH_LONG_TESTS=1 dotnet test AnalogTorch.Tests/Applications -c Release --filter Category=Long";
    }
}
