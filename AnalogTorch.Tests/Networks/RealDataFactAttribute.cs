namespace AnalogTorch.Tests.Networks;

/// <summary>A test on files of the data folder, skipped where there is none.</summary>
internal sealed class RealDataFactAttribute : FactAttribute
{
    public RealDataFactAttribute()
    {
        if (Repository.DataFolder is null)
            Skip = "There is no data folder beside the repository or in ANALOGTORCH_DATA.";
    }
}

/// <inheritdoc cref="RealDataFactAttribute"/>
internal sealed class RealDataTheoryAttribute : TheoryAttribute
{
    public RealDataTheoryAttribute()
    {
        if (Repository.DataFolder is null)
            Skip = "There is no data folder beside the repository or in ANALOGTORCH_DATA.";
    }
}
